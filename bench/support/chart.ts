// node --import tsx bench/support/chart.ts JSON SVG   Draws what `npm run bench -- --json JSON` has measured.
import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { OURS, REDIS, SIMPLE } from './stores.js';

/** What the bench writes: calls a second by row and store, and where they were measured. */
export interface Figures {
  versions: Record<string, string>;
  cores: number;
  calls: Record<string, Record<string, number>>;
}

const COLOURS: Record<string, string> = { [OURS]: '#0b61a4', [SIMPLE]: '#767676', [REDIS]: '#d1495b' };
const PANELS = ['get', 'set', 'load, change, save', 'touch'];
const REQUESTS = ['reads', 'writes'];
const SANS = 'Helvetica, Arial, sans-serif'; // none that a browser would have to fetch

/** An SVG on a ground of its own, so that it can be read on a dark page, too. */
export async function draw({ versions, cores, calls }: Figures): Promise<string> {
  const domain = Object.keys(COLOURS).filter((name) => Object.values(calls).some((by) => by[name] !== undefined));
  const colour = {
    field: 'store',
    type: 'nominal',
    scale: { domain, range: domain.map((name) => COLOURS[name]) },
    legend: { orient: 'top', title: null, labelFontSize: 13, labelLimit: 0, symbolType: 'circle', symbolSize: 120 },
  };
  const points = Object.entries(calls).flatMap(([row, by]) => {
    const [, operation, atOnce] = /^(.*), (\d+) at once$/.exec(row) ?? [];
    return domain.map((store) => ({ operation, atOnce: Number(atOnce), store, thousands: (by[store] ?? 0) / 1000 }));
  });
  const most =
    10 * Math.ceil(Math.max(...points.filter(({ operation }) => operation).map(({ thousands }) => thousands)) / 10);
  const times = (row: string, name: string) => {
    const { [OURS]: ours, [name]: theirs } = calls[row] ?? {};
    return ours && theirs ? `${(ours / theirs).toFixed(1)} × ${name}` : undefined;
  };
  const beside = (row: string) => [times(row, SIMPLE), times(row, REDIS)].filter((text) => text !== undefined);
  const panel = (operation: string, n: number) => {
    const of = points.filter((point) => point.operation === operation);
    const steps = [...new Set(of.map(({ atOnce }) => atOnce))];
    return {
      title: { text: operation, subtitle: ['at 128:', ...beside(`${operation}, 128 at once`)], anchor: 'start' },
      width: 165,
      height: 190,
      data: { values: of },
      mark: { type: 'line', point: { size: 45, filled: true }, strokeWidth: 2.5 },
      encoding: {
        x: {
          field: 'atOnce',
          type: 'quantitative',
          scale: { type: 'log', base: 2 },
          axis: { title: 'calls at once', values: steps, format: 'd', grid: false },
        },
        y: {
          field: 'thousands',
          type: 'quantitative',
          scale: { domain: [0, most] },
          axis: { title: n === 0 ? 'thousand calls a second' : null, tickCount: 6 },
        },
        color: colour,
      },
    };
  };
  const requests = (kind: string) =>
    domain.map((store) => ({ store, thousands: (calls[`request that ${kind}, 64 connections`]?.[store] ?? 0) / 1000 }));
  const mostRequests = Math.max(...REQUESTS.flatMap(requests).map(({ thousands }) => thousands));
  const bars = (kind: string) => ({
    title: {
      text: `request through Express that ${kind}`,
      subtitle: beside(`request that ${kind}, 64 connections`).join(', '),
      anchor: 'start',
    },
    width: 375,
    height: { step: 24 },
    data: { values: requests(kind) },
    transform: [{ calculate: "datum.store + '  ' + format(datum.thousands, '.1f')", as: 'label' }],
    encoding: {
      x: {
        field: 'thousands',
        type: 'quantitative',
        axis: { title: 'thousand requests a second, 64 connections', tickCount: 6, grid: false },
        scale: { domain: [0, mostRequests * 1.45] }, // with room for the names
      },
      y: { field: 'store', type: 'nominal', sort: domain, axis: null },
      color: colour,
    },
    layer: [
      { mark: { type: 'bar', height: 17 } },
      {
        mark: { type: 'text', align: 'left', dx: 5, fontSize: 12 },
        encoding: { text: { field: 'label' }, color: { value: '#333' } },
      },
    ],
  });
  const spec = {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    title: {
      text: 'What one Node process asks of its session store',
      subtitle: [
        `PostgreSQL ${versions.PostgreSQL} that waits for its disk, Redis ${versions.Redis ?? '(none)'} without persistence, 10,000 sessions of about 1 kB.`,
        `Client and servers share ${cores} cores. Node ${versions.node}. Medians of one run; touches unthrottled.`,
      ],
      anchor: 'start',
      fontSize: 17,
      subtitleFontSize: 12,
      subtitlePadding: 6,
      offset: 14,
    },
    background: 'white',
    padding: 18,
    spacing: 26,
    vconcat: [
      { hconcat: PANELS.map(panel), spacing: 18 },
      { hconcat: REQUESTS.map(bars), spacing: 0 },
    ],
    align: 'none',
    resolve: { scale: { color: 'shared' } },
    config: {
      font: SANS,
      axis: {
        labelColor: '#333',
        titleColor: '#333',
        gridColor: '#e5e5e5',
        titleFontWeight: 'normal',
        labelFontSize: 11,
      },
      title: { fontSize: 14, subtitleFontSize: 11, subtitleColor: '#444', color: '#111' },
      view: { stroke: null },
    },
  };
  // By names that are no literals: the root's type check must not need bench/node_modules.
  const [{ compile }, { parse, View }] = await Promise.all(['vega-lite', 'vega'].map((name) => import(name)));
  return new View(parse(compile(spec).spec), { renderer: 'none' }).toSVG();
}

if (import.meta.url === pathToFileURL(process.argv[1]!).href) {
  const [from, to] = process.argv.slice(2);
  if (!from || !to) throw new Error('name the JSON to read and the SVG to write');
  writeFileSync(to, `${await draw(JSON.parse(readFileSync(from, 'utf8')))}\n`);
}
