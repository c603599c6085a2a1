/**
 * How is a place written on a map sheet? WGS 84 degrees to MGRS, and to degrees and decimal minutes.
 *
 * Transverse Mercator by the Krüger series in the third flattening n, to n^6 (Karney 2011, eq. 35): well below a
 * millimetre within a zone. Letters after NGA.STND.0037, annex B.
 */
(function () {
  'use strict';
  const cop = (self.cop = self.cop || {});

  const A = 6378137;
  const F = 1 / 298.257223563;
  const K0 = 0.9996;
  const E = Math.sqrt(F * (2 - F));
  const N = F / (2 - F);
  const RECTIFYING = (A / (1 + N)) * (1 + N ** 2 / 4 + N ** 4 / 64 + N ** 6 / 256);
  const ALPHA = [
    N / 2 - (2 * N ** 2) / 3 + (5 * N ** 3) / 16 + (41 * N ** 4) / 180 - (127 * N ** 5) / 288 + (7891 * N ** 6) / 37800,
    (13 * N ** 2) / 48 - (3 * N ** 3) / 5 + (557 * N ** 4) / 1440 + (281 * N ** 5) / 630 - (1983433 * N ** 6) / 1935360,
    (61 * N ** 3) / 240 - (103 * N ** 4) / 140 + (15061 * N ** 5) / 26880 + (167603 * N ** 6) / 181440,
    (49561 * N ** 4) / 161280 - (179 * N ** 5) / 168 + (6601661 * N ** 6) / 7257600,
    (34729 * N ** 5) / 80640 - (3418889 * N ** 6) / 1995840,
    (212378941 * N ** 6) / 319334400,
  ];

  const BANDS = 'CDEFGHJKLMNPQRSTUVWX';
  const COLUMNS = ['STUVWXYZ', 'ABCDEFGH', 'JKLMNPQR']; // by zone modulo 3
  const ROWS = ['FGHJKLMNPQRSTUVABCDE', 'ABCDEFGHJKLMNPQRSTUV']; // by zone modulo 2

  /** Zones that are not six degrees wide: from lat, to lat, from lon, to lon, zone (south-west Norway, Svalbard). */
  const ODD_ZONES = [
    [56, 64, 3, 12, 32],
    [72, 84.01, 0, 9, 31],
    [72, 84.01, 9, 21, 33],
    [72, 84.01, 21, 33, 35],
    [72, 84.01, 33, 42, 37],
  ];

  function zoneOf(lon, lat) {
    for (const [south, north, west, east, zone] of ODD_ZONES) {
      if (lat >= south && lat < north && lon >= west && lon < east) return zone;
    }
    return (Math.floor((lon + 180) / 6) % 60) + 1;
  }

  /**
   * UTM coordinates.
   * @returns {{zone: number, easting: number, northing: number}} metres; southern northings from 10,000 km
   */
  function utm(lon, lat) {
    const zone = zoneOf(lon, lat);
    const rad = Math.PI / 180;
    const phi = lat * rad;
    const lambda = (lon - (zone * 6 - 183)) * rad;
    const sin = Math.sin(phi);
    const t = Math.sinh(Math.atanh(sin) - E * Math.atanh(E * sin));
    const xi = Math.atan2(t, Math.cos(lambda));
    const eta = Math.atanh(Math.sin(lambda) / Math.sqrt(1 + t * t));
    let x = eta;
    let y = xi;
    ALPHA.forEach((a, i) => {
      const j = 2 * (i + 1);
      x += a * Math.cos(j * xi) * Math.sinh(j * eta);
      y += a * Math.sin(j * xi) * Math.cosh(j * eta);
    });
    return {
      zone,
      easting: 500000 + K0 * RECTIFYING * x,
      northing: (lat < 0 ? 10000000 : 0) + K0 * RECTIFYING * y,
    };
  }

  /**
   * MGRS, as it is read aloud: `35V LC 62150 26480`. Digits are cut, not rounded: the square that holds the point.
   * @param {number} [digits] 1 to 5 a coordinate; 5 is one metre
   * @returns {string} '' outside 80° S to 84° N, where MGRS has another grid
   */
  cop.mgrs = function (lon, lat, digits = 5) {
    if (!(lat >= -80 && lat <= 84 && lon >= -180 && lon <= 180)) return '';
    const { zone, easting, northing } = utm(lon === 180 ? -180 : lon, lat);
    const band = BANDS[Math.min(19, Math.floor((lat + 80) / 8))];
    const column = COLUMNS[zone % 3][Math.floor(easting / 100000) - 1];
    const row = ROWS[zone % 2][Math.floor(northing / 100000) % 20];
    const cut = (metres) => String(Math.floor(metres % 100000)).padStart(5, '0').slice(0, digits);
    return `${zone}${band} ${column}${row} ${cut(easting)} ${cut(northing)}`;
  };

  /** Degrees and decimal minutes: `57°00.123′N 024°06.500′E`. */
  cop.latlon = function (lon, lat) {
    return `${angle(lat, 2, 'NS')} ${angle(lon, 3, 'EW')}`;
  };

  function angle(degrees, width, letters) {
    const thousandths = Math.round(Math.abs(degrees) * 60000); // rounded once, so that 59.9996′ carries to the degree
    const whole = String(Math.floor(thousandths / 60000)).padStart(width, '0');
    const minutes = ((thousandths % 60000) / 1000).toFixed(3).padStart(6, '0');
    return `${whole}°${minutes}′${letters[degrees < 0 ? 1 : 0]}`;
  }
})();
