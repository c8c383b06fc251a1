// The types of @pgtyped/runtime that the package's declarations use. Its own declarations for
// CommonJS import ES modules: without skipLibCheck, a compiler refuses them with TS1479. The build
// puts this file in their place.

export interface IDatabaseConnection {
  query: (query: string, bindings: any[]) => Promise<{ rows: any[]; rowCount: number }>;
  stream?: (query: string, bindings: any[]) => ICursor<any[]>;
}

export interface ICursor<T> {
  read(rowCount: number): Promise<T>;
  close(): Promise<void>;
}

export interface PreparedQuery<TParamType, TResultType> {
  run: (params: TParamType, dbConnection: IDatabaseConnection) => Promise<Array<TResultType>>;
  runWithCounts: (
    params: TParamType,
    dbConnection: IDatabaseConnection,
  ) => Promise<{ result: Array<TResultType>; rowCount: number }>;
  stream: (params: TParamType, dbConnection: IDatabaseConnection) => ICursor<Array<TResultType>>;
}
