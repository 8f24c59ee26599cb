// "Diagnose now": the observations as they come, then the verdict.
import { useEffect, useRef, useState } from 'preact/hooks';
import { stream, type Diagnosis } from '../api';
import { Failed } from './small';
import { Verdict } from './verdict';

interface Seen { kind: string; subject: string; sensor: string }

export function DiagnoseNow({ what, onEnd }: { what: { target?: string; url?: string; facts?: string }; onEnd?: () => void }) {
  const [seen, add] = useState<Seen[]>([]);
  const [result, set] = useState<Diagnosis>();
  const [why, fail] = useState<Error>();
  const leave = useRef<AbortController>(undefined);
  useEffect(() => {
    const mine = new AbortController();
    leave.current = mine;
    stream('/diagnoses', what, (name, data) => {
      if (name === 'observation') add((before) => [...before, data as Seen]);
      if (name === 'diagnosis') set(data as Diagnosis);
      if (name === 'refused') fail(new Error((data as { detail: string }).detail));
    }, mine.signal).then(onEnd, (reason: Error) => { if (!mine.signal.aborted) fail(reason); });
    return () => mine.abort();
  }, []);
  return (
    <div class="diagnose" aria-live="polite">
      {!result && !why && <p class="running">Diagnosing: {seen.length} observations{seen.length > 0 && <>, the newest: <code>{seen[seen.length - 1]!.kind}</code> {seen[seen.length - 1]!.subject}</>}</p>}
      {why && <Failed why={why} />}
      {result && <Verdict of={result} />}
      {seen.length > 0 && <details><summary>{seen.length} observations</summary><ol class="seen">{seen.map((each, n) => <li key={n}><code>{each.kind}</code> {each.subject}</li>)}</ol></details>}
    </div>
  );
}
