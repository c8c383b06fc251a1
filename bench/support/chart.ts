// node --import tsx bench/support/chart.ts JSON SVG
//   Draws the figures that `npm run bench -- --json JSON` measured.
import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { OURS, REDIS, SIMPLE } from './stores.js';

/** The figures of the bench. */
export interface Figures {
  versions: Record<string, string>;
  cores: number;
  /** Calls per second by row, then by store. */
  calls: Record<string, Record<string, number>>;
}

const COLOURS: Record<string, string> = { [OURS]: '#0b61a4', [SIMPLE]: '#767676', [REDIS]: '#d1495b' };
const PANELS = ['get', 'set', 'load, change, save', 'touch'];
const REQUESTS = ['reads', 'writes'];
// Only installed fonts: an SVG in an <img> cannot load others.
const SANS = 'Helvetica, Arial, sans-serif';

/** An SVG with a white background: on a dark page the text stays readable. */
export async function drawChart({ versions, cores, calls }: Figures): Promise<string> {
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
  const maxCalls =
    10 * Math.ceil(Math.max(...points.filter(({ operation }) => operation).map(({ thousands }) => thousands)) / 10);
  const ratio = (row: string, name: string) => {
    const { [OURS]: ours, [name]: theirs } = calls[row] ?? {};
    return ours && theirs ? `${(ours / theirs).toFixed(1)} × ${name}` : undefined;
  };
  const ratios = (row: string) => [ratio(row, SIMPLE), ratio(row, REDIS)].filter((text) => text !== undefined);
  const panel = (operation: string, n: number) => {
    const of = points.filter((point) => point.operation === operation);
    const steps = [...new Set(of.map(({ atOnce }) => atOnce))];
    return {
      title: { text: operation, subtitle: ['at 128:', ...ratios(`${operation}, 128 at once`)], anchor: 'start' },
      width: 165,
      height: 190,
      data: { values: of },
      mark: { type: 'line', point: { size: 45, filled: true }, strokeWidth: 2.5 },
      encoding: {
        x: {
          field: 'atOnce',
          type: 'quantitative',
          scale: { type: 'log', base: 2 },
          axis: {
            title: 'calls at once',
            values: steps,
            format: 'd',
            grid: false,
            labelOverlap: false,
            labelFlush: false,
          },
        },
        y: {
          field: 'thousands',
          type: 'quantitative',
          scale: { domain: [0, maxCalls] },
          axis: { title: n === 0 ? 'thousand calls per second' : null, tickCount: 6 },
        },
        color: colour,
      },
    };
  };
  const requests = (kind: string) =>
    domain.map((store) => ({ store, thousands: (calls[`request that ${kind}, 64 connections`]?.[store] ?? 0) / 1000 }));
  const maxRequests = Math.max(...REQUESTS.flatMap(requests).map(({ thousands }) => thousands));
  const bars = (kind: string) => ({
    title: {
      text: `request through Express that ${kind}`,
      subtitle: ratios(`request that ${kind}, 64 connections`).join(', '),
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
        axis: { title: 'thousand requests per second, 64 connections', tickCount: 6, grid: false },
        scale: { domain: [0, maxRequests * 1.45] }, // leaves space for the labels
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
      text: 'Calls per second of one Node process to its session store',
      subtitle: [
        `PostgreSQL ${versions.PostgreSQL} that waits for its disk, Redis ${versions.Redis ?? '(none)'} without persistence, 10,000 sessions of about 1 kB.`,
        `Client and servers share ${cores} cores. Node ${versions.node}. Medians of one run. Every touch is written.`,
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
  // The names are not literals: the root's type check must not need bench/node_modules.
  const [{ compile }, { parse, View }] = await Promise.all(['vega-lite', 'vega'].map((name) => import(name)));
  return new View(parse(compile(spec).spec), { renderer: 'none' }).toSVG();
}

if (import.meta.url === pathToFileURL(process.argv[1]!).href) {
  const [from, to] = process.argv.slice(2);
  if (!from || !to) throw new Error('usage: chart.ts JSON SVG');
  writeFileSync(to, `${await drawChart(JSON.parse(readFileSync(from, 'utf8')))}\n`);
}
