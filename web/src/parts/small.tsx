// Small parts that every page uses.
import { useEffect, useState } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import { MARK, WORD, ago, moment } from '../words';

export function State({ of, words }: { of: string; words?: string }) {
  return <span class={`state ${of}`}><span aria-hidden="true">{MARK[of] ?? '?'}</span> {words ?? WORD[of] ?? of}</span>;
}
export function Moment({ at }: { at: string | null | undefined }) {
  return at ? <time dateTime={at} title={`${ago(at)} ago`}>{moment(at)}</time> : <span>-</span>;
}
export function useTick(every = 10_000): number {
  const [now, set] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => set(Date.now()), every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}
export function Since({ at }: { at: string | null | undefined }) {
  const now = useTick();
  return at ? <time dateTime={at} title={moment(at)}>{ago(at, now)}</time> : <span>-</span>;
}
export function Copy({ text }: { text: string }) {
  const [done, set] = useState(false);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(text);
    set(true);
    setTimeout(() => set(false), 2000);
  };
  return <button type="button" class="copy" onClick={() => void copy()}>{done ? 'Copied' : 'Copy'}</button>;
}
export function Command({ text, label }: { text: string; label?: string }) {
  return text ? <div class="command">{label && <span class="label">{label}</span>}<pre tabIndex={0}>{text}</pre><Copy text={text} /></div> : null;
}
export function Card({ title, id, children, aside }: { title: string; id?: string; children: ComponentChildren; aside?: ComponentChildren }) {
  const label = id ?? title.toLowerCase().replace(/[^a-z]+/g, '-');
  return <section class="card" aria-labelledby={label}><header><h2 id={label}>{title}</h2>{aside}</header>{children}</section>;
}
export function Failed({ why, again }: { why: Error; again?: () => void }) {
  return <p class="failed" role="alert">{why.message} {again && <button type="button" onClick={again}>Try again</button>}</p>;
}
export function Table({ caption, head, columns, children, ...more }: { caption: string; head: string[]; columns?: ComponentChildren; children: ComponentChildren; class?: string }) {
  return <div class={`scroll ${more.class ?? ''}`} tabIndex={0} role="region" aria-label={`${caption}, table`}><table><caption class="hidden">{caption}</caption><thead>{columns ?? <tr>{head.map((each) => <th scope="col" key={each}>{each || <span class="hidden">Actions</span>}</th>)}</tr>}</thead><tbody>{children}</tbody></table></div>;
}
// What a page has asked for: `value` stays while it is asked again.
export function useAsk<T>(ask: () => Promise<T>, parts: unknown[]): { value?: T; why?: Error; again: () => void } {
  const [state, set] = useState<{ value?: T; why?: Error }>({});
  const [turn, next] = useState(0);
  useEffect(() => {
    let here = true;
    ask().then((value) => here && set({ value }), (why: Error) => here && set((before) => ({ ...before, why })));
    return () => { here = false; };
  }, [...parts, turn]);
  return { ...state, again: () => next((n) => n + 1) };
}
