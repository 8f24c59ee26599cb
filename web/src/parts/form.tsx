// Forms that become one call, and buttons that ask once more.
import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { call } from '../api';
import { Failed } from './small';

export const list = (text: string | undefined): string[] => (text ?? '').split(',').map((each) => each.trim()).filter(Boolean);
export const words = (text: string | undefined): string[] => (text ?? '').split(/[,\s]+/).filter(Boolean);

// A form whose fields become the body of one call.
export function Form({ to, method = 'POST', label, shape, done, children }: { to: string; method?: string; label: string; shape?: (fields: Record<string, string>) => unknown; done: (answer: never) => void; children: ComponentChildren }) {
  const why = useSignal<Error | undefined>(undefined);
  const enter = async (event: Event): Promise<void> => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const fields = Object.fromEntries(new FormData(form)) as Record<string, string>;
    try {
      const answer = await call(method, to, shape ? shape(fields) : fields);
      why.value = undefined;
      form.reset();
      done(answer as never);
    } catch (reason) { why.value = reason as Error; }
  };
  return <form class="fields" onSubmit={(event) => void enter(event)}>{children}<button type="submit" class="first">{label}</button>{why.value && <Failed why={why.value} />}</form>;
}
export function Remove({ path, what, verb = 'Remove', done }: { path: string; what: string; verb?: string; done: () => void }) {
  const sure = useSignal(false);
  const why = useSignal<Error | undefined>(undefined);
  const go = async (): Promise<void> => {
    if (!sure.value) { sure.value = true; return; }
    try { await call('DELETE', path); done(); } catch (reason) { why.value = reason as Error; }
  };
  return <><button type="button" onClick={() => void go()} onBlur={() => { sure.value = false; }} aria-label={`${verb} ${what}`}>{sure.value ? `Really ${verb.toLowerCase()}?` : verb}</button>{why.value && <Failed why={why.value} />}</>;
}
