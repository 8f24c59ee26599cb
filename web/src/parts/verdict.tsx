// A diagnosis laid out: the verdict, the path with the place where it broke, why, the fix.
import type { Attempt, Cause, Diagnosis } from '../api';
import { MARK, OWNER, STAGE, ms } from '../words';
import { Command } from './small';

function Strip({ attempt }: { attempt: Attempt }) {
  const broken = attempt.stages.find((stage) => stage.outcome === 'failed');
  const where = attempt.address ? `${attempt.address.includes(':') ? `[${attempt.address}]` : attempt.address}:${attempt.port}` : 'no address';
  return (
    <li class="strip">
      <span class="way">{attempt.via === 'edge' ? 'via edge' : 'direct'} <code>{where}</code></span>
      <ol>
        {attempt.stages.map((stage) => (
          <li key={stage.stage} class={stage.outcome}>
            <span aria-hidden="true">{MARK[stage.outcome]}</span> {STAGE[stage.stage] ?? stage.stage}
            <span class="hidden"> {stage.outcome}</span>
            {stage.outcome !== 'skipped' && <small> {ms(stage.elapsed_ms)}</small>}
          </li>
        ))}
      </ol>
      {broken && <p>{broken.because}</p>}
    </li>
  );
}

export function Likely({ cause, first }: { cause: Cause; first: boolean }) {
  return (
    <article class={first ? 'cause first' : 'cause'}>
      <h3>{cause.title}</h3>
      <p class="meta"><code>{cause.id}</code> · {Math.round(cause.probability * 100)} % · {OWNER[cause.owner] ?? cause.owner}</p>
      {cause.reasons.length > 0 && <ul class="reasons">{cause.reasons.map((each) => <li key={each.sentence}>{each.sentence} <small>{each.observations.join(' ')}</small></li>)}</ul>}
      {cause.counter_reasons.length > 0 && <><h4>Against it</h4><ul class="reasons">{cause.counter_reasons.map((each) => <li key={each.sentence}>{each.sentence}</li>)}</ul></>}
      {cause.settles.length > 0 && <><h4>What settles it</h4><ul class="steps">{cause.settles.map((step) => <li key={step.text}>{step.text}<Command text={step.command} /></li>)}</ul></>}
      {cause.fix.length > 0 && <><h4>Fix</h4><ol class="steps">{cause.fix.map((step) => <li key={step.text}>{step.text}<Command text={step.command} /><Command label="undo" text={step.undo} /><Command label="verify" text={step.verify} /></li>)}</ol></>}
    </article>
  );
}

export function Verdict({ of }: { of: Diagnosis }) {
  const { verdict } = of;
  return (
    <div class={`verdict ${verdict.state}`}>
      <p class="lead">{verdict.code ? <b>{verdict.code}</b> : null} {verdict.sentence}</p>
      <ul class="strips">{of.attempts.map((attempt, n) => <Strip key={n} attempt={attempt} />)}</ul>
      {verdict.causes.map((cause, n) => <Likely key={cause.id} cause={cause} first={n === 0} />)}
      {verdict.missing.length > 0 && <><h3>What is missing</h3><ul>{verdict.missing.map((each) => <li key={each}>{each}</li>)}</ul></>}
      {verdict.ruled_out.length > 0 && <details><summary>Ruled out: {verdict.ruled_out.map((each) => each.id).join(', ')}</summary><ul>{verdict.ruled_out.map((each) => <li key={each.id}><code>{each.id}</code> {each.reasons.map((reason) => reason.sentence).join(' ')}</li>)}</ul></details>}
      {verdict.notes.length > 0 && <><h3>Also seen</h3><ul>{verdict.notes.map((each) => <li key={each.sentence}>{each.sentence}</li>)}</ul></>}
    </div>
  );
}
