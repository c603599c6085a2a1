/**
 * How is a view kept under a name, opened by others, and put on a wall? The dialogs of saved views and wall plans.
 */
(function () {
  'use strict';
  const cop = (self.cop = self.cop || {});
  if (typeof document === 'undefined' || !cop.office) return;
  const { page, byId, element, write, hide, on, whenThere } = cop.desk;
  const { who, asMe, ask, send, set, copy } = cop.office;

  const NOT_KEPT = ['sel', 'at']; // these belong to who looks and when
  const COPIED_MS = 2000;
  const FOCUS_MS = 150; // after the dialog that closes has given the focus back

  let views = [];
  let trouble = '';
  let outcome = { text: '', undo: null, over: null }; // what came of the last deed, and what may be done about it

  const path = (name) => `/api/v1/views/${encodeURIComponent(name)}`;
  const wall = (name) => `/wall/${encodeURIComponent(name)}`;
  const isPlan = (view) => view.views.length > 0;
  const named = (name) => views.find((each) => each.name === name.trim().normalize('NFC'));

  async function look() {
    const told = await send('GET', '/api/v1/views');
    if (told.answer) views = told.answer;
    trouble = told.trouble || '';
    draw();
  }

  // -- what is done --------------------------------------------------------------------------------------------------

  function say(text, more) {
    outcome = { text, undo: null, over: null, ...more };
    draw();
  }

  /** PUT a view or plan as the API takes it. */
  function put(name, view, by, version) {
    const { query, views: names, turn_s: seconds, title } = view;
    const body = { by, title: title || '' };
    if (names && names.length) Object.assign(body, { views: names, turn_s: seconds });
    else body.query = query;
    if (version) body.version = version;
    return send('PUT', path(name), body);
  }

  /** The address is the view, without what belongs to this look. */
  function present() {
    cop.page.address();
    const q = new URLSearchParams(location.search);
    for (const key of NOT_KEPT) q.delete(key);
    return cop.address.readable(q);
  }

  /**
   * Save under a name. What somebody else keeps there is overwritten only by who was told so and wants it.
   * @param {(text: string, more?: object) => void} tell what came of it
   * @returns {Promise<boolean>} whether it was saved
   */
  async function save(name, view, over, tell) {
    const by = who();
    await look();
    const old = named(name);
    if (old && old.by !== by && !over) {
      tell(`“${old.name}” was saved by ${old.by} at ${cop.time.utc(old.at)}.`, { over: () => save(name, view, true, tell) });
      return false;
    }
    const told = await put(name, { ...view, title: old ? old.title : '' }, by, old && old.version);
    if (told.status === 409) {
      await look(); // somebody was faster: who and when is in the answer
      tell(`Not saved: ${told.trouble}`, { over: () => save(name, view, true, tell) });
      return false;
    }
    if (told.trouble) {
      tell(`Not saved: ${told.trouble}`);
      return false;
    }
    const undo = old ? () => undone(put(old.name, old, by, told.answer.version), `“${old.name}” is what it was.`) : null;
    tell(old ? `“${told.answer.name}” is saved over that of ${old.by}.` : `“${told.answer.name}” is saved.`, { undo });
    await look();
    return true;
  }

  async function undone(doing, text) {
    const told = await doing;
    say(told.trouble ? `Not undone: ${told.trouble}` : text);
    await look();
  }

  async function remove(view) {
    const by = who();
    const told = await send('DELETE', `${path(view.name)}?by=${encodeURIComponent(by)}`);
    if (told.trouble) say(`Not deleted: ${told.trouble}`);
    else say(`“${view.name}” is deleted.`, { undo: () => undone(put(view.name, view, by), `“${view.name}” is back.`) });
    await look();
  }

  /** A new name: kept under it first, then the plans that show it follow, then the old name goes. */
  async function rename(view, by, name) {
    if (name === view.name) return null;
    if (named(name)) return `There is a view “${named(name).name}” already, by ${named(name).by}.`;
    const made = await put(name, view, by);
    if (made.trouble) return `Not renamed: ${made.trouble}`;
    for (const plan of views.filter((each) => each.views.includes(view.name))) {
      const names = plan.views.map((each) => (each === view.name ? made.answer.name : each));
      const told = await put(plan.name, { ...plan, views: names }, by, plan.version);
      if (told.trouble) return `“${made.answer.name}” is there, but the wall plan ${plan.name} still shows the old name: ${told.trouble}`;
    }
    const told = await send('DELETE', `${path(view.name)}?by=${encodeURIComponent(by)}`);
    await look();
    if (told.trouble) return `“${made.answer.name}” is there, but the old name is too: ${told.trouble}`;
    say(`“${view.name}” is now “${made.answer.name}”.`);
    return null;
  }

  function go(view) {
    location.assign(`/?${view.query}`);
  }

  // -- the list ------------------------------------------------------------------------------------------------------

  function button(text, act, view, title) {
    const made = element('button', 'quiet', text);
    made.type = 'button';
    made.dataset.view = view.name;
    made.dataset.act = act;
    made.setAttribute('aria-label', `${text}: ${view.name}`);
    if (title) made.title = title;
    return made;
  }

  function row(view) {
    const made = element('li');
    made.dataset.view = view.name;
    const told = element('div', 'grow');
    const world = new URLSearchParams(view.query).get('world');
    const what = isPlan(view) ? `wall plan: ${view.views.join(', ')}; ${view.turn_s} s each` : world ? `view of ${world}` : 'view';
    told.append(element('strong', '', view.name), element('small', '', `${what} · by ${view.by} · ${cop.time.utc(view.at)}`));
    const link = element('a', 'quiet', 'On a wall');
    link.href = wall(view.name);
    link.target = '_blank';
    link.title = `Open ${wall(view.name)}`;
    made.append(told);
    if (!isPlan(view)) made.append(button('Open', 'open', view, 'Show this view here'));
    made.append(link);
    if (isPlan(view)) made.append(button('Edit', 'edit', view));
    made.append(button('Rename', 'rename', view), button('Delete', 'delete', view));
    return made;
  }

  let drawn = '';
  function draw() {
    const list = byId('views-list');
    if (!list) return;
    const search = byId('views-search');
    const words = cop.picture.plain((search && search.value) || '').split(/\s+/).filter(Boolean);
    const found = views.filter((each) => words.every((word) => cop.picture.plain(`${each.name} ${each.title} ${each.by}`).includes(word)));
    const mark = JSON.stringify([found, trouble]);
    if (mark !== drawn || !list.childElementCount) {
      drawn = mark;
      const held = document.activeElement;
      const at = held && list.contains(held) ? [held.dataset.view, held.dataset.act] : null;
      const none = trouble || (views.length ? 'No view has that name.' : 'No view is saved yet.');
      list.replaceChildren(...(found.length ? found.map(row) : [element('li', 'empty', none)]));
      if (at) {
        const again = [...list.querySelectorAll('button')].find((each) => each.dataset.view === at[0] && each.dataset.act === at[1]);
        (again || search).focus();
      }
    }
    write('views-said', outcome.text || (found.length && trouble) || '');
    hide('views-undo', !outcome.undo);
    hide('views-over', !outcome.over);
  }

  function open() {
    set('views-dialog', { opened: true });
    whenThere('views-list', () => {
      drawn = '';
      draw();
      look();
    });
  }

  // -- wall plans ----------------------------------------------------------------------------------------------------

  let plan = { chosen: [], over: null };

  function openPlan(view) {
    plan = { chosen: view ? [...view.views] : [], over: null };
    set('views-dialog', { opened: false });
    set('plan-name', { value: view ? view.name : '' });
    set('plan-seconds', { value: view ? view.turn_s : 20 });
    set('plan-dialog', { opened: true, title: view ? `Wall plan ${view.name}` : 'New wall plan' });
    whenThere('plan-views', () => {
      setTimeout(() => byId('plan-name') && byId('plan-name').focus(), FOCUS_MS);
      drawPlan();
      sayPlan('', {});
      address(view ? view.name : '');
    });
    look().then(drawPlan);
  }

  function drawPlan(focus) {
    const list = byId('plan-views');
    if (!list) return;
    const there = new Set(views.filter((each) => !isPlan(each)).map((each) => each.name));
    const rest = [...there].filter((name) => !plan.chosen.includes(name));
    const rows = [...plan.chosen, ...rest].map((name) => {
      const made = element('li');
      const place = plan.chosen.indexOf(name);
      const label = element('label', 'grow');
      const tick = element('input');
      tick.type = 'checkbox';
      tick.checked = place >= 0;
      tick.dataset.tick = name;
      label.append(tick, element('span', '', place >= 0 ? `${place + 1}. ${name}` : name));
      if (views.length && !there.has(name)) label.append(element('small', '', 'no longer there'));
      made.append(label);
      if (place >= 0) {
        for (const [text, step, says] of [['▲', -1, 'Earlier'], ['▼', 1, 'Later']]) {
          const move = element('button', 'quiet', text);
          move.type = 'button';
          move.dataset.move = name;
          move.dataset.step = step;
          move.setAttribute('aria-label', `${says}: ${name}`);
          move.disabled = place + step < 0 || place + step >= plan.chosen.length;
          made.append(move);
        }
      }
      return made;
    });
    list.replaceChildren(...(rows.length ? rows : [element('li', 'empty', 'Save a view first: a plan is made of saved views.')]));
    const again = focus && [...list.querySelectorAll('input, button')].find((each) => focus(each));
    if (again) again.focus();
  }

  function sayPlan(text, more) {
    write('plan-said', text);
    plan.over = (more && more.over) || null;
    set('plan-save', { children: plan.over ? 'Overwrite it' : 'Save the plan' });
  }

  function address(name) {
    const link = byId('plan-address');
    if (!link) return;
    hide('plan-copy', !name);
    link.hidden = !name;
    if (!name) return;
    link.href = wall(name);
    link.textContent = decodeURI(link.href);
  }

  async function savePlan() {
    const name = byId('plan-name').value.trim();
    const seconds = Number(byId('plan-seconds').value);
    if (plan.over && plan.overName === name) {
      const over = plan.over;
      plan.over = null;
      if (await over()) address(name);
      return;
    }
    if (!name) return sayPlan('Give the plan a name.');
    if (!plan.chosen.length) return sayPlan('Tick at least one view.');
    plan.overName = name;
    await asMe('Who are you?', 'Save the plan', async () => {
      const view = { views: [...plan.chosen], turn_s: seconds };
      const tell = (text, more) => {
        sayPlan(/saved by|^Not/.test(text) ? text : '', more);
        if (/saved(\.| over)/.test(text)) say(text, more);
      };
      if (await save(name, view, false, tell)) address(name);
      return null;
    });
  }

  // -- what is pressed -----------------------------------------------------------------------------------------------

  function saveView() {
    const name = byId('views-name').value.trim();
    if (!name) {
      say('Give the view a name.');
      byId('views-name').focus();
      return;
    }
    asMe('Who are you?', 'Save the view', async () => {
      await save(name, { query: present() }, false, say);
      return null;
    });
  }

  const acts = {
    open: go,
    edit: openPlan,
    delete: (view) => asMe('Who are you?', 'Delete the view', async () => remove(view).then(() => null)),
    rename: (view) =>
      ask({
        title: `Rename ${view.name}`,
        button: 'Rename',
        who: !who(),
        word: { label: 'New name', value: view.name, needed: true },
        done: (by, name) => rename(view, by, name),
      }),
  };

  async function press(target) {
    if (target.id === 'views-open') open();
    else if (target.id === 'views-save') saveView();
    else if (target.id === 'views-undo' && outcome.undo) outcome.undo();
    else if (target.id === 'views-over' && outcome.over) outcome.over();
    else if (target.id === 'plan-open') openPlan(null);
    else if (target.id === 'plan-save') savePlan();
    else if (target.id === 'plan-copy') {
      write('plan-copy', (await copy(byId('plan-address').href)) ? 'Copied' : 'Not copied');
      setTimeout(() => write('plan-copy', 'Copy'), COPIED_MS);
    } else if (target.dataset.move) {
      const from = plan.chosen.indexOf(target.dataset.move);
      const to = from + Number(target.dataset.step);
      [plan.chosen[from], plan.chosen[to]] = [plan.chosen[to], plan.chosen[from]];
      drawPlan((each) => each.dataset.move === target.dataset.move && each.dataset.step === target.dataset.step && !each.disabled);
    } else if (target.dataset.act) {
      const view = named(target.dataset.view);
      if (view) acts[target.dataset.act](view);
    }
  }

  const PRESSED = '#views-open, #views-save, #views-undo, #views-over, #plan-open, #plan-save, #plan-copy, #views-list [data-act], [data-move]';
  document.addEventListener('click', (event) => {
    const found = event.target.closest && event.target.closest(PRESSED);
    if (found) press(found);
  });
  document.addEventListener('input', (event) => {
    if (event.target.id === 'views-search') draw();
    if (event.target.id === 'views-name' && outcome.over) say(''); // another name: nothing of that is to be overwritten
    if (event.target.id === 'plan-name' && plan.over) sayPlan('');
  });
  document.addEventListener('change', (event) => {
    const name = event.target.dataset && event.target.dataset.tick;
    if (name === undefined) return;
    plan.chosen = event.target.checked ? [...plan.chosen, name] : plan.chosen.filter((each) => each !== name);
    drawPlan((each) => each.dataset.tick === name);
  });
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || !event.target.id) return;
    if (event.target.id === 'views-name') saveView();
    else if (event.target.id === 'plan-name') savePlan();
    else if (event.target.id === 'views-search') {
      const first = byId('views-list').querySelector('[data-act]');
      if (first) first.click(); // the first that is found
    }
  });

  cop.keys.push({ key: 'v', says: 'saved views', there: () => byId('views-open') !== null, run: open });
  on('desk', () => byId('views-list') && look());
})();
