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
      group.append(...row.feeds.filter((feed) => !shared(feed)).map((feed) => chip(feed, at)));
      return group;
    });
    const common = new Map(rows.flatMap((row) => row.feeds.filter(shared)).map((feed) => [`${feed.world} ${feed.source}`, feed]));
    if (common.size) {
      const group = element('div', 'nation');
      group.append(element('span', 'hint', 'several nations'), ...[...common.values()].map((feed) => chip(feed, at)));
      groups.push(group);
    }
    bar.replaceChildren(...groups);
  }

  const shared = (feed) => (feed.nations || []).length > 1;

  function chip(feed, at) {
    const made = element('span', `feed ${feed.state}`, `${FEED_MARK[feed.state]} ${feed.source}`);
    const age = feed.newest ? cop.time.age(at - feed.newest) : 'no report yet';
    made.append(element('small', '', ` ${age}${feed.origin === 'observed' ? '' : ` ${feed.origin}`}`));
    made.title = [
      feed.state,
      feed.detail,
      `newest report ${age} old`,
      `last heard ${feed.heard ? cop.time.age(at - feed.heard) : 'never'} ago`,
      `${feed.records} reports, ${feed.rejects} in quarantine`,
    ]
      .filter(Boolean)
      .join(' · ');
    return made;
  }

  cop.freshness = freshness;
})();
