/**
 * Who sits at the desk, how is something asked of them, and how is it written? What the tabs for changes and alerts and
 * the views share.
 */
(function () {
  'use strict';
  const cop = (self.cop = self.cop || {});
  if (typeof document === 'undefined' || !cop.desk) return;
  const { page, byId, write, hide, whenThere } = cop.desk;

  // -- what this browser remembers -----------------------------------------------------------------------------------

  /** What is remembered under a name; `otherwise` when there is nothing, or the browser forbids it. */
  function recall(name, otherwise) {
    try {
      const found = JSON.parse(localStorage.getItem(`cop.${name}`));
      return found === null || found === undefined ? otherwise : found;
    } catch {
      return otherwise;
    }
  }

  function remember(name, value) {
    try {
      localStorage.setItem(`cop.${name}`, JSON.stringify(value));
    } catch {
      // a browser that keeps nothing: it holds for this page
    }
  }

  let me = recall('who', '');

  function who() {
    return me;
  }

  function iAm(name) {
    me = name.trim();
    remember('who', me);
    writeMe();
    cop.desk.emit('who', me);
  }

  function writeMe() {
    write('desk-who', me ? `You are ${me}` : 'Who are you?');
  }

  // -- asking and telling the server -----------------------------------------------------------------------------------

  const forWorld = (path) => `/api/v1/${path}${path.includes('?') ? '&' : '?'}world=${encodeURIComponent(page.world)}`;

  /** GET something of this world. Throws what went wrong as an Error in plain words. */
  async function get(path) {
    const told = await send('GET', forWorld(path));
    if (told.trouble) throw new Error(told.trouble);
    return told.answer;
  }

  /**
   * What came of a request: `{answer}` when it was done, else `{trouble, status}`: a sentence, and 0 for no answer.
   */
  async function send(method, path, body) {
    let answer;
    try {
      answer = await fetch(path, {
        method,
        headers: body === undefined ? {} : { 'content-type': 'application/json' },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
    } catch {
      const what = method === 'GET' ? '' : '; nothing was written';
      return { trouble: `The server could not be reached${what}.`, status: 0 };
    }
    const told = await answer.json().catch(() => null);
    if (answer.ok && told !== null) return { answer: told };
    const detail = told && told.detail;
    const text = Array.isArray(detail)
      ? detail.map((each) => `${each.loc[each.loc.length - 1]}: ${each.msg}`).join('; ')
      : String(detail || `the server answered ${answer.status}`);
    return { trouble: sentence(text), status: answer.status };
  }

  function sentence(text) {
    const said = text.charAt(0).toUpperCase() + text.slice(1);
    return /[.!?]$/.test(said) ? said : `${said}.`;
  }

  // -- the small dialog --------------------------------------------------------------------------------------------------

  const set = (id, props) => self.dash_clientside.set_props(id, props);
  let asking = null;

  /**
   * Ask for a name, and perhaps for one more word; what is typed stays until it is done.
   * @param {{title: string, what?: string, button: string, word?: {label: string, value?: string, needed?: boolean},
   *   who?: boolean, done: (who: string, word: string) => Promise<?string>}} wanted `done` answers the trouble, or null
   */
  function ask(wanted) {
    asking = wanted;
    const word = wanted.word || { label: '' };
    const asks = wanted.who !== false;
    set('ask-what', { children: wanted.what || '' });
    set('ask-who', { value: me, style: { display: asks ? '' : 'none' } });
    set('ask-word', { value: word.value || '', label: word.label, required: Boolean(word.needed), style: { display: wanted.word ? '' : 'none' } });
    set('ask-send', { children: wanted.button });
    set('ask-said', { children: '' });
    set('ask-dialog', { opened: true, title: wanted.title });
    const first = wanted.word && (me || !asks) ? 'ask-word' : 'ask-who';
    whenThere(first, (field) => setTimeout(() => field.focus(), 60)); // after the dialog took the focus for itself
  }

  async function answered() {
    const wanted = asking;
    if (!wanted || !byId('ask-send')) return;
    const by = byId('ask-who').value.trim();
    const word = byId('ask-word').value.trim();
    const asks = wanted.who !== false;
    if (asks && by.length < 2) return set('ask-said', { children: 'Say who you are: two letters at least.' });
    if (wanted.word && wanted.word.needed && !word) return set('ask-said', { children: `${wanted.word.label}: it is empty.` });
    if (asks && by !== me) iAm(by);
    asking = null; // pressed twice is done once
    const trouble = await wanted.done(asks ? by : me, word);
    if (!trouble) return set('ask-dialog', { opened: false });
    asking = wanted;
    return set('ask-said', { children: trouble });
  }

  /** Do something in somebody's name: at once when it is known who sits here, else after asking once. */
  function asMe(title, button, done) {
    if (me) return done(me);
    ask({ title, button, done });
    return Promise.resolve(null);
  }

  /** Put text on the clipboard; whether that worked. */
  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const field = document.createElement('textarea'); // an address without https has no clipboard of its own
      field.value = text;
      field.style.position = 'fixed';
      document.body.append(field);
      field.select();
      const done = document.execCommand('copy');
      field.remove();
      return done;
    }
  }

  /** Open a tab of the drawer, and the drawer. */
  function tab(name) {
    if (document.body.classList.contains('folded')) byId('drawer-fold').click();
    set('drawer', { value: name });
  }

  /** A switch that is pressed or not; what it is now when nothing is given. */
  function pressed(id, on) {
    const found = byId(id);
    if (!found) return false;
    if (on !== undefined) found.setAttribute('aria-pressed', String(on));
    return found.getAttribute('aria-pressed') === 'true';
  }

  /** A note of a tab, hidden while there is nothing to say. */
  function say(id, text) {
    write(id, text);
    hide(id, !text);
  }

  document.addEventListener('click', (event) => {
    if (!event.target.closest) return;
    if (event.target.closest('#ask-send')) answered();
    else if (event.target.closest('#desk-who')) {
      ask({ title: 'Who are you?', what: 'This name stands with what you acknowledge, take and save. This browser remembers it.', button: 'That is me', done: async () => null });
    }
  });
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || !event.target.matches || !event.target.matches('#ask-who, #ask-word')) return;
    event.preventDefault();
    answered();
  });
  cop.desk.on('begin', () => whenThere('desk-who', writeMe));

  cop.office = { recall, remember, who, asMe, ask, get, send, set, copy, tab, pressed, say, forWorld };
})();
