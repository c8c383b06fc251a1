// docs/api.md: everything that the package exports.
import ts from 'typescript';
import { sourceOf } from '../../src/cli/pgtyped/compile.js';
import { block, code, join, linkTo, NOTE } from './markdown.js';
import { OPTION_HEADINGS } from './options.js';
import { declarationOf, docOf, oneLine, type Surface, typeText, withoutAlias } from './source.js';

const IMPORTS = `\
import connectPgTyped, { PgSessionStore, saveBeforeResponse, SessionStoreError } from 'connect-pg-typed';
import { createAdmin } from 'connect-pg-typed/admin';
import { bindTable, countSessions } from 'connect-pg-typed/queries';`;

const INTRODUCTION = `\
This page lists everything that the package exports. In CommonJS, \`require('connect-pg-typed')\`
returns \`connectPgTyped\`, which has the other exports as properties.`;

const ABOUT_QUERIES = `\
\`run(parameters, connection)\` resolves with the rows of a query, and \`runWithCounts\` with
\`{ result, rowCount }\`. ${linkTo('bindTable')} makes the \`connection\`. The package holds the SQL of each
query, with comments.`;

/** The name of an instance in the headings of its methods. */
const INSTANCES: Record<string, string> = { Admin: 'admin', PgSessionStore: 'store' };

interface Section {
  heading: string;
  body: string;
  parts?: Section[];
}

type Export = [name: string, declarations: ts.Declaration[]];
type TypeDeclaration = ts.InterfaceDeclaration | ts.TypeAliasDeclaration;

export function apiPage(surface: Surface): string {
  const chapters = surface.entryPoints.map((entryPoint) => {
    const all = [...entryPoint.exports].sort(([one], [other]) => (one < other ? -1 : 1));
    const options = all.filter(([name]) => OPTION_HEADINGS.has(name));
    const others = all.filter(([name]) => !OPTION_HEADINGS.has(name));
    return { name: entryPoint.name, options, sections: sectionsOf(others, surface) };
  });
  const links = chapters.flatMap(({ name, options, sections }) => [
    `- ${linkTo(name)}: ${listOf(sections)}`,
    ...sections
      .filter(({ parts }) => parts?.length)
      .map(({ heading, parts }) => `  - ${linkTo(heading)}: ${listOf(parts!)}`),
    ...(options.length > 0 ? [`  - Options: ${options.map(([name]) => linkToOptions(name)).join(', ')}`] : []),
  ]);
  const bodies = chapters.map(({ name, sections }) => join(`## ${name}`, ...sections.map(sectionText)));
  const lists = [...links, '- [The command line](cli.md)'].join('\n');
  return `${withLinks(join('# API', NOTE, block(IMPORTS), INTRODUCTION, lists, ...bodies), surface)}\n`;
}

const listOf = (sections: Section[]): string => sections.map(({ heading }) => linkTo(heading)).join(', ');
const linkToOptions = (name: string): string => linkTo(OPTION_HEADINGS.get(name)!, name, 'options.md');

function sectionText({ heading, body, parts = [] }: Section): string {
  return join(`### ${heading}`, body, ...parts.map((part) => join(`#### ${part.heading}`, part.body)));
}

function sectionsOf(all: Export[], surface: Surface): Section[] {
  const generated = all.filter(([, [declaration]]) => sqlFile(declaration!));
  const own = all.filter(([, [declaration]]) => !sqlFile(declaration!));
  const declarations = own.flatMap(([, some]) => some);
  return [
    ...own.flatMap(functionSection),
    ...declarations.filter(ts.isClassDeclaration).map(classSection),
    ...(generated.length > 0 ? [querySection(generated, surface.checker)] : []),
    ...declarations.filter(isTypeDeclaration).map((declaration) => typeSection(declaration)),
    ...unexportedTypes(declarations, surface).map((declaration) =>
      typeSection(declaration, 'The package does not export this type.'),
    ),
  ];
}

function functionSection([name, [declaration]]: Export): Section[] {
  const node = declaration && ts.isVariableDeclaration(declaration) ? declaration.initializer : declaration;
  if (!node || !(ts.isFunctionDeclaration(node) || ts.isArrowFunction(node))) return [];
  const isDefault = name === 'default';
  const heading = isDefault ? node.name!.getText() : name;
  const note = isDefault ? 'The default export.' : '';
  return [{ heading, body: join(block(signatureText(heading, node)), note, documentation(declaration!)) }];
}

function classSection(declaration: ts.ClassDeclaration): Section {
  const heading = declaration.name!.text;
  const instance = INSTANCES[heading] ?? heading;
  const base = declaration.heritageClauses?.map(oneLine).join(' ');
  const members = declaration.members.filter(isPublic);
  // Only a documented constructor is for users.
  const constructors = members.filter(ts.isConstructorDeclaration).filter((member) => docOf(member).tags('throws')[0]);
  const fields = [
    ...constructors.map((member) => `${signatureText('constructor', member)};`),
    ...members.filter(ts.isPropertyDeclaration).map((member) => member.getFullText().replace('override ', '').trim()),
  ];
  const head = [`class ${heading}`, base].filter(Boolean).join(' ');
  const text = [`${head} {`, ...fields.map((field) => `  ${field}`), '}'].join('\n');
  const events = docOf(declaration)
    .tags('fires')
    .map((tag) => tag.replace(/^\w+/, '- `$&`:').replaceAll('\n', '\n  '));
  const methods = members.filter(ts.isMethodDeclaration);
  const names = [...new Set(methods.map((method) => method.name.getText()))];
  return {
    heading,
    body: join(fields.length > 0 ? block(text) : '', documentation(declaration), ...constructors.map(documentation)),
    parts: [
      ...(events.length > 0 ? [{ heading: `${instance} events`, body: events.join('\n') }] : []),
      ...names.map((name) => {
        const all = methods.filter((method) => method.name.getText() === name);
        const overloads = all.filter(({ body }) => !body);
        const signatures = (overloads.length > 0 ? overloads : all).map((method) => signatureText(name, method));
        return {
          heading: `${instance}.${name}`,
          body: join(block(signatures.join('\n')), documentation(all[0]!)),
        };
      }),
    ],
  };
}

function querySection(generated: Export[], checker: ts.TypeChecker): Section {
  const types = generated.filter(([, [declaration]]) => isTypeDeclaration(declaration!));
  const parts = generated.flatMap(([name, [declaration]]) => {
    if (!ts.isVariableDeclaration(declaration!)) return [];
    const [parameters, row] = (declaration.initializer as ts.NewExpression).typeArguments!;
    const facts = [
      `- Parameters: ${fieldsText(parameters!, checker)}`,
      `- Rows: ${fieldsText(row!, checker)}`,
      `- SQL: ${code(sqlFile(declaration)!)}`,
    ];
    return [{ heading: `${name}.run`, body: facts.join('\n') }];
  });
  const list = types.map(([name]) => code(name)).join(', ');
  return { heading: 'Queries', body: join(ABOUT_QUERIES, `Their exported types: ${list}.`), parts };
}

/** Returns the parameters or the columns of a query, as `{ sids: string[] }`. */
function fieldsText(node: ts.TypeNode, checker: ts.TypeChecker): string {
  const declaration = declarationOf(node, checker);
  if (!declaration || !ts.isInterfaceDeclaration(declaration)) return 'none';
  const fields = declaration.members.filter(ts.isPropertySignature).map((member) => {
    const type = oneLine(withoutAlias(member.type!, checker)).replace(/^\((\w+)\)\[\]$/, '$1[]');
    return `${member.name.getText()}${member.questionToken ? '?' : ''}: ${type.replace(' | void', '')}`;
  });
  return code(`{ ${fields.join('; ')} }`);
}

const typeSection = (declaration: TypeDeclaration, note = ''): Section => ({
  heading: declaration.name.text,
  body: join(block(declaration.getText().replace(/^export /, '')), docOf(declaration).text, note),
});

function documentation(node: ts.Node): string {
  const { text, tags } = docOf(node);
  const facts = [
    ...tags('param'),
    ...tags('returns').map((tag) => `Returns ${tag}`),
    ...tags('throws').map((tag) => `Throws ${tag}`),
  ];
  return join(text, facts.map((fact) => `- ${fact.replaceAll('\n', '\n  ')}`).join('\n'));
}

function signatureText(name: string, { parameters, type }: ts.SignatureDeclaration): string {
  const list = parameters.map(({ dotDotDotToken, name, questionToken, initializer, type }) => {
    const optional = questionToken || initializer ? '?' : '';
    return `${dotDotDotToken ? '...' : ''}${oneLine(name)}${optional}: ${typeText(type)}`;
  });
  return `${name}(${list.join(', ')})${type ? `: ${typeText(type)}` : ''}`;
}

/** Returns the types that the declarations need although no entry point exports them. */
function unexportedTypes(declarations: ts.Declaration[], { entryPoints, checker }: Surface): TypeDeclaration[] {
  const known = new Set(entryPoints.flatMap(({ exports }) => [...exports.values()].flat()));
  const found: TypeDeclaration[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isBlock(node) || (ts.isClassElement(node) && !isPublic(node))) return;
    const declaration = declarationOf(node, checker);
    if (declaration && isTypeDeclaration(declaration) && !known.has(declaration)) {
      known.add(declaration);
      found.push(declaration);
      visit(declaration);
    }
    ts.forEachChild(node, visit);
  };
  for (const declaration of declarations) visit(declaration);
  return found;
}

const isTypeDeclaration = (node: ts.Node): node is TypeDeclaration =>
  ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node);

const isPublic = (member: ts.ClassElement): boolean =>
  !(member.name && ts.isPrivateIdentifier(member.name)) &&
  !(ts.getCombinedModifierFlags(member) & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected));

/** Returns the .sql file that a declaration was generated from. */
const sqlFile = (declaration: ts.Declaration): string | undefined => sourceOf(declaration.getSourceFile().text);

/** Replaces each `{@link Name}` by a link. */
const withLinks = (text: string, { entryPoints }: Surface): string =>
  text.replace(/\{@link (\w+)\s*\}/g, (_, name: string) => {
    if (OPTION_HEADINGS.has(name)) return linkToOptions(name);
    return entryPoints.some(({ exports }) => exports.has(name)) ? linkTo(name) : code(name);
  });
