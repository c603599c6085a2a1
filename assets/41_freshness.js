/**
 * How fresh is what each nation's feeds say? One group a nation, one chip a feed, and one group for what is shared.
 */
(function () {
  'use strict';
  const cop = (self.cop = self.cop || {});
  if (typeof document === 'undefined') return;
  const { page, byId, element, now } = cop.desk;

  const NATION_NAMES = { EE: 'Estonia', LV: 'Latvia', LT: 'Lithuania', FI: 'Finland', '': 'Others' };
  const FEED_MARK = { ok: '●', late: '◐', failed: '○' };

  function freshness() {
    const bar = byId('freshness');
    if (!bar) return;
    const at = now();
    const rows = cop.picture.feedsByNation(page.picture.feeds, at);
    const groups = rows.map((row) => {
      const group = element('div', `nation ${row.state}`);
      group.dataset.nation = row.nation;
      const silence = row.silence === null ? 'never heard' : cop.time.age(row.silence);
      group.append(element('strong', '', NATION_NAMES[row.nation] || row.nation));
      group.append(element('span', 'silence', `${FEED_MARK[row.state]} ${silence}`));
      summary(group, row.feeds.filter((feed) => !shared(feed)), at);
      return group;
    });
    const common = new Map(rows.flatMap((row) => row.feeds.filter(shared)).map((feed) => [`${feed.world} ${feed.source}`, feed]));
    if (common.size) {
      const group = element('div', 'nation');
      group.append(element('span', 'hint', 'several nations'));
      summary(group, [...common.values()], at);
      groups.push(group);
    }
    bar.replaceChildren(...groups);
  }

  /** What is well is counted; what isn't, or was rejected in part, is named with its reasons. */
  function summary(group, feeds, at) {
    const named = feeds.filter((feed) => feed.state !== 'ok' || feed.rejects > 0);
    const well = feeds.length - named.length;
    if (well) {
      const made = element('span', 'feed ok', `${FEED_MARK.ok} ${well} ${well === 1 ? 'feed' : 'feeds'}`);
      made.title = feeds.filter((feed) => !named.includes(feed)).map((feed) => line(feed, at)).join('\n');
      group.append(made);
    }
    group.append(...named.map((feed) => chip(feed, at)));
  }

  const shared = (feed) => (feed.nations || []).length > 1;

  function line(feed, at) {
    const age = feed.newest ? cop.time.age(at - feed.newest) : 'no report yet';
    return [
      feed.source,
      feed.state,
      feed.detail,
      feed.origin === 'observed' ? '' : feed.origin,
      `newest report ${age} old`,
      `last heard ${feed.heard ? cop.time.age(at - feed.heard) : 'never'} ago`,
      `${feed.records} reports, ${feed.rejects} in quarantine`,
      ...Object.entries(feed.reasons || {}).map(([reason, count]) => `${count} × ${reason}`),
    ]
      .filter(Boolean)
      .join(' · ');
  }

  function chip(feed, at) {
    const made = element('a', `feed ${feed.state}`, `${FEED_MARK[feed.state]} ${feed.source}`);
    made.href = `/feeds?${new URLSearchParams({ world: page.world, feed: feed.source })}`;
    const age = feed.newest ? cop.time.age(at - feed.newest) : 'no report yet';
    made.append(element('small', '', ` ${age}${feed.origin === 'observed' ? '' : ` ${feed.origin}`}`));
    if (feed.rejects) {
      const [reason] = Object.keys(feed.reasons || {});
      made.append(element('small', 'rejects', ` ▲ ${feed.rejects} rejected${reason ? `: ${reason}` : ''}`));
    }
    made.title = line(feed, at);
    return made;
  }

  cop.freshness = freshness;
})();
