/**
 * In which language does the page speak? English phrases become those of the chosen language wherever they stand.
 *
 * Whoever writes to the page writes English; this watches what comes and puts the phrase in its place before it is
 * painted. One mechanism for what Dash lays out and what the scripts write. `dashboard/texts.py` is its twin for what
 * the server writes; `/language.js` brings the phrases. Where `translate="no"` stands nothing is touched.
 */
(function () {
  'use strict';
  const cop = (self.cop = self.cop || {});

  const KEPT = 5000; // texts whose translation is remembered
  const DEPTH = 3;
  const ATTRIBUTES = ['title', 'aria-label', 'placeholder', 'alt'];
  const told = self.copTexts || { language: 'en', languages: { en: 'English' }, phrases: {} };

  /** A translator of a language's phrases: `t(text)` is the text in it, or the text itself. Pure. */
  function translator(phrases) {
    const exact = new Map(Object.entries(phrases));
    const patterns = [];
    for (const [phrase, said] of exact) {
      const parts = phrase.split(/\{(\d)\}/);
      if (parts.length === 1) continue;
      const shape = parts.map((part, i) => (i % 2 ? '([^]+?)' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))).join('');
      const weight = parts.reduce((sum, part, i) => (i % 2 ? sum : sum + part.length), 0);
      patterns.push({ weight, shape: new RegExp(`^${shape}$`), order: parts.filter((_, i) => i % 2), said });
    }
    patterns.sort((a, b) => b.weight - a.weight);
    const known = new Map();

    function find(text, depth) {
      if (!exact.size || !depth || !/\p{L}/u.test(text)) return text;
      if (exact.has(text)) return exact.get(text);
      const bare = text.trim();
      if (bare !== text) {
        const start = text.indexOf(bare);
        return text.slice(0, start) + find(bare, depth) + text.slice(start + bare.length);
      }
      for (const { shape, order, said } of patterns) {
        const match = shape.exec(text);
        if (!match) continue;
        const filled = {};
        order.forEach((place, i) => (filled[place] = find(match[i + 1], depth - 1)));
        return said.replace(/\{(\d)\}/g, (_, place) => filled[place] || '');
      }
      return text;
    }

    return function (text) {
      let found = known.get(text);
      if (found === undefined) {
        if (known.size > KEPT) known.clear();
        known.set(text, (found = find(text, DEPTH)));
      }
      return found;
    };
  }

  const t = translator(told.phrases);
  const shown = new WeakMap(); // text node or element → what stands there now and in which attribute
  const missed = new Set();
  let collecting = false;

  function note(text, found) {
    if (collecting && found === text && /\p{L}{2}/u.test(text)) missed.add(text.trim());
  }

  function speak(node) {
    const text = node.data;
    if (shown.get(node) === text) return;
    const found = t(text);
    note(text, found);
    shown.set(node, found);
    if (found !== text) node.data = found;
  }

  function attribute(element, name) {
    const text = element.getAttribute(name);
    if (!text) return;
    let kept = shown.get(element);
    if (!kept) shown.set(element, (kept = {}));
    if (kept[name] === text) return;
    const found = t(text);
    note(text, found);
    kept[name] = found;
    if (found !== text) element.setAttribute(name, found);
  }

  const mute = (node) => node && node.closest('[translate="no"], script, style, textarea, code');

  function all(root) {
    if (root.nodeType === Node.TEXT_NODE) {
      if (!mute(root.parentElement)) speak(root);
      return;
    }
    if (root.nodeType !== Node.ELEMENT_NODE || mute(root)) return;
    const walk = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT, (node) =>
      node.nodeType === Node.ELEMENT_NODE && node.matches('[translate="no"], script, style, textarea, code')
        ? NodeFilter.FILTER_REJECT
        : NodeFilter.FILTER_ACCEPT,
    );
    for (let node = root; node; node = walk.nextNode()) {
      if (node.nodeType === Node.TEXT_NODE) speak(node);
      else for (const name of ATTRIBUTES) attribute(node, name);
    }
  }

  let watching = false;

  function watch() {
    all(document.body);
    if (watching) return;
    watching = true;
    new MutationObserver((changes) => {
      for (const change of changes) {
        if (change.type === 'childList') change.addedNodes.forEach(all);
        else if (change.type === 'characterData') all(change.target);
        else if (!mute(change.target)) attribute(change.target, change.attributeName);
      }
    }).observe(document.body, {
      childList: true,
      subtree: true,
      characterData: true,
      attributes: true,
      attributeFilter: ATTRIBUTES,
    });
  }

  /** Speak another language from now on: the view is in the address, so the page is simply opened anew. */
  function choose(language) {
    document.cookie = `lang=${language}; path=/; max-age=31536000; samesite=lax`;
    location.reload();
  }

  cop.texts = {
    language: told.language,
    languages: told.languages,
    translator,
    t,
    choose,
    /** What has no words in this language, gathered from now on: for whoever translates, and for the tests. */
    collect() {
      collecting = true;
      if (typeof document !== 'undefined') watch();
      return missed;
    },
    missed,
  };

  if (typeof document === 'undefined') return;
  document.documentElement.lang = told.language;
  if (told.language !== 'en') {
    if (document.body) watch();
    else document.addEventListener('DOMContentLoaded', watch);
  }
})();
