// The part of @pgtyped/runtime that runs queries. The rest brings a SQL parser, which takes longer
// to load than pg and express-session together.
import { readFileSync } from 'node:fs';
import { build, type Plugin } from 'esbuild';

const INSIDE = /^(@pgtyped|antlr4ts)(\/|$)/;

/**
 * For esbuild: leaves out what nothing uses. The packages do not say that their modules have no
 * side effects.
 */
export const withoutParser: Plugin = {
  name: 'pgtyped without its parser',
  setup({ onResolve, resolve }) {
    onResolve({ filter: /./ }, async ({ path, pluginData, ...from }) => {
      const isInside = INSIDE.test(path) || /node_modules\/(@pgtyped|antlr4ts)\//.test(from.importer);
      if (pluginData === withoutParser || !isInside) return undefined;
      return { ...(await resolve(path, { ...from, pluginData: withoutParser })), sideEffects: false };
    });
  },
};

export async function bundleRuntime(format: 'esm' | 'cjs', outfile: string): Promise<void> {
  const licence = readFileSync('node_modules/@pgtyped/runtime/LICENSE', 'utf8');
  const { version } = JSON.parse(readFileSync('node_modules/@pgtyped/runtime/package.json', 'utf8'));
  await build({
    stdin: { contents: "export { PreparedQuery } from '@pgtyped/runtime';", resolveDir: '.' },
    bundle: true,
    format,
    platform: 'node',
    target: 'node20',
    outfile,
    banner: { js: `/*!\nThe part of @pgtyped/runtime ${version} that runs queries.\n\n${licence.trim()}\n*/` },
    plugins: [withoutParser],
    logLevel: 'warning',
  });
}
