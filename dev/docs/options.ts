// docs/options.md: each option with its type, its default and its docstring.
import ts from 'typescript';
import { block, code, join, linkTo, NOTE } from './markdown.js';
import { docOf, exported, oneLine, type Surface, typeText, withoutAlias } from './source.js';

interface Option {
  name: string;
  heading: string;
  category: string | undefined;
  text: string;
}

const EXAMPLE = `\
const store = new PgSessionStore({ pool, ttl: 30 * 60, hashIds: true }); // ttl: 30 minutes in seconds
app.use(session({ store, secret, resave: false, saveUninitialized: false }));
await store.createTable({ userPath: ['passport', 'user'] });`;

/** Each interface with the heading of its section and a prefix that makes its options unique. */
const INTERFACES: [name: string, heading: string, prefix: string][] = [
  ['StoreOptions', 'Options of the store', ''],
  ['Encryption', 'Options of encryption', 'encryption.'],
  ['Serializer', 'Options of serializer', 'serializer.'],
  ['CreateTableOptions', 'Options of createTable', 'createTable: '],
  ['AdminOptions', 'Options of createAdmin', 'createAdmin: '],
];

/** The headings of the interfaces that this page describes. */
export const OPTION_HEADINGS: ReadonlyMap<string, string> = new Map(
  INTERFACES.map(([name, heading]) => [name, heading]),
);

/** @throws {Error} if an option lacks a docstring or a default */
export function optionsPage(surface: Surface): string {
  const sections = INTERFACES.map(([name, heading, prefix]) => {
    const declaration = exported(name, surface);
    const members = surface.checker.getTypeAtLocation(declaration).getProperties();
    const options = members.map((member) => optionOf(member.valueDeclaration!, prefix, surface.checker));
    const categories = [...new Set(options.map(({ category }) => category))];
    const groups = categories.map((category) => options.filter((option) => option.category === category));
    return { heading, text: docOf(declaration).text, groups };
  });
  const links = sections.flatMap(({ heading, groups }) => [
    `- ${linkTo(heading)}`,
    ...groups.map((options) => {
      const [{ category } = {}] = options;
      const list = options.map((option) => linkTo(option.heading, option.name)).join(', ');
      return category ? `  - ${category}: ${list}` : `  - ${list}`;
    }),
  ]);
  const bodies = sections.map(({ heading, text, groups }) =>
    join(`## ${heading}`, text, ...groups.flat().map((option) => option.text)),
  );
  return `${join('# Options', NOTE, block(EXAMPLE), links.join('\n'), ...bodies)}\n`;
}

function optionOf(member: ts.Declaration, prefix: string, checker: ts.TypeChecker): Option {
  if (!ts.isPropertySignature(member) && !ts.isMethodSignature(member))
    throw new Error(`not an option: ${oneLine(member)}`);
  const name = member.name.getText();
  const heading = prefix + name;
  const { text, tags } = docOf(member);
  const [[category], [byDefault]] = [tags('category'), tags('default')];
  if (!text) throw new Error(`the option ${heading} has no docstring`);
  if (member.questionToken && !byDefault) throw new Error(`the docstring of the option ${heading} has no @default`);
  const facts = [`- Type: ${typeOf(member, checker)}`, byDefault ? `- Default: ${byDefault}` : '- Required'];
  return { name, heading, category, text: join(`### ${heading}`, facts.join('\n'), text) };
}

/** Returns a link for an interface with a section of its own, else the type as code. */
function typeOf(member: ts.PropertySignature | ts.MethodSignature, checker: ts.TypeChecker): string {
  if (ts.isMethodSignature(member))
    return code(`(${member.parameters.map(oneLine).join(', ')}) => ${typeText(member.type)}`);
  const union = ts.isUnionTypeNode(member.type!) ? [...member.type.types] : [member.type!];
  const types = union.filter((type) => type.kind !== ts.SyntaxKind.UndefinedKeyword);
  const heading = OPTION_HEADINGS.get(typeText(member.type));
  if (heading) return linkTo(heading, code(typeText(member.type)));
  const plain = types.map((type) => withoutAlias(type, checker));
  return code(plain.length === 1 ? typeText(plain[0]) : plain.map(oneLine).join(' | '));
}
