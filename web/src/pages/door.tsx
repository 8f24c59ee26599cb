// Set-up and log-in.
import { useSignal } from '@preact/signals';
import { call, session, type Session } from '../api';
import { Failed } from '../parts/small';

export function Door() {
  const first = session.value?.set_up === false;
  const why = useSignal<Error | undefined>(undefined);
  const busy = useSignal(false);
  const enter = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    busy.value = true;
    const fields = Object.fromEntries(new FormData(event.currentTarget as HTMLFormElement));
    try {
      session.value = await call<Session>('POST', first ? '/setup' : '/session', fields);
    } catch (reason) { why.value = reason as Error; }
    busy.value = false;
  };
  return (
    <main class="door" id="main">
      <img src="/icon.svg" alt="" width={48} height={48} />
      <h1>{first ? 'Set up Causeway' : 'Causeway'}</h1>
      {first && <p>Make the first administrator. The set-up token was printed when causeway started; it serves once.</p>}
      <form onSubmit={(event) => void enter(event as unknown as SubmitEvent)}>
        {first && <label>Set-up token<input name="token" required autoComplete="off" spellcheck={false} defaultValue={new URLSearchParams(location.hash.slice(1)).get('token') ?? ''} /></label>}
        <label>Name<input name="name" required autoComplete="username" spellcheck={false} /></label>
        <label>Password<input name="password" type="password" required minLength={first ? 10 : 1} autoComplete={first ? 'new-password' : 'current-password'} /></label>
        <button type="submit" class="first" disabled={busy.value}>{first ? 'Make the account' : 'Log in'}</button>
        {why.value && <Failed why={why.value} />}
      </form>
      <p><a href="/status/" data-plain>Status page</a></p>
    </main>
  );
}
