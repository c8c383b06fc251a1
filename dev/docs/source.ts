// Reads the public declarations of src/ and their docstrings with the TypeScript compiler.
//
// typedoc with typedoc-plugin-markdown was tried. It repeats the docstring of a method for each
// overload, gives each generated query four sections, does not list events, and needs 13 s for
// three files of 2,650 lines. This code needs 3 s, most of it to load the compiler.
import ts from 'typescript';

export interface EntryPoint {
  /** As users import it, such as `connect-pg-typed/admin`. */
  name: string;
  /** The declarations of each exported name. A function has one for each overload. */
  exports: Map<string, ts.Declaration[]>;
}

/** The public surface. */
export interface Surface {
  entryPoints: EntryPoint[];
  checker: ts.TypeChecker;
}

export interface Doc {
  text: string;
  /** Returns the texts of the tags with this name, such as `throws`. */
  tags: (name: string) => string[];
}

/** Reads the entry points that tsconfig.json lists under `paths`, in that order. */
export function readSurface(): Surface {
  const { config } = ts.readConfigFile('tsconfig.json', ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, '.');
  const paths = Object.entries(options.paths!).map(([name, [file]]) => ({ name, file: file! }));
  const host = ts.createCompilerHost(options);
  // Other packages and the standard library are not read, which is faster: types are printed as
  // the source spells them.
  host.resolveModuleNameLiterals = (literals, file) =>
    literals.map(({ text }) =>
      text.startsWith('.') ? ts.resolveModuleName(text, file, options, host) : { resolvedModule: undefined },
    );
  const program = ts.createProgram({
    rootNames: paths.map(({ file }) => file),
    options: { ...options, noLib: true, types: [] },
    host,
  });
  const checker = program.getTypeChecker();
  const entryPoints = paths.map(({ name, file }) => {
    const module = checker.getSymbolAtLocation(program.getSourceFile(file)!)!;
    const symbols = checker.getExportsOfModule(module);
    return { name, exports: new Map(symbols.map((symbol) => [symbol.name, declarationsOf(symbol, checker)])) };
  });
  return { entryPoints, checker };
}

function declarationsOf(symbol: ts.Symbol, checker: ts.TypeChecker): ts.Declaration[] {
  const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  return target.declarations ?? [];
}

export function docOf(node: ts.Node): Doc {
  const doc = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc).at(-1);
  const textOf = (comment: ts.JSDoc['comment']) => ts.getTextOfJSDocComment(comment)?.trim() ?? '';
  const tags = (name: string) =>
    (doc?.tags ?? [])
      .filter((tag) => tag.tagName.text === name)
      .map((tag) => [subjectOf(tag), textOf(tag.comment)].filter(Boolean).join(' '));
  return { text: textOf(doc?.comment), tags };
}

/** The compiler keeps a parameter's name and an error's type apart from the tag's text. */
function subjectOf(tag: ts.JSDocTag): string {
  if (ts.isJSDocParameterTag(tag)) return `\`${tag.name.getText()}\`:`;
  if (ts.isJSDocThrowsTag(tag)) return `\`${tag.typeExpression?.type.getText() ?? 'Error'}\``;
  return '';
}

/** Returns a type as text, without the `undefined` of an optional property or parameter. */
export function typeText(node: ts.TypeNode | undefined): string {
  if (!node) return '';
  if (ts.isParenthesizedTypeNode(node)) return typeText(node.type);
  if (!ts.isUnionTypeNode(node)) return oneLine(node);
  const types = node.types.filter((type) => type.kind !== ts.SyntaxKind.UndefinedKeyword);
  return types.length === 1 ? typeText(types[0]) : types.map(oneLine).join(' | ');
}

/** Returns the source of a node without its line breaks. */
export const oneLine = (node: ts.Node): string => node.getText().replace(/\s*\n\s*/g, ' ');

/** Returns what a reference to a type refers to, if src/ declares it. */
export function declarationOf(node: ts.Node, checker: ts.TypeChecker): ts.Declaration | undefined {
  if (!ts.isTypeReferenceNode(node)) return undefined;
  const symbol = checker.getSymbolAtLocation(node.typeName);
  return symbol && declarationsOf(symbol, checker)[0];
}

/** Returns the type that an alias of src/ stands for, or the node itself. */
export function withoutAlias(node: ts.TypeNode, checker: ts.TypeChecker): ts.TypeNode {
  const declaration = declarationOf(node, checker);
  return declaration && ts.isTypeAliasDeclaration(declaration) ? declaration.type : node;
}

/** Returns the exported declaration with this name. */
export function exported(name: string, { entryPoints }: Surface): ts.Declaration {
  const found = entryPoints.map(({ exports }) => exports.get(name)?.[0]).find(Boolean);
  if (!found) throw new Error(`no entry point exports ${name}`);
  return found;
}
