// NestJS 11 with express-session. TypeScript writes the calls of Controller, All and the like as
// decorators.
import 'reflect-metadata';
import { All, Controller, Module, Req } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import session from 'express-session';
import { respond } from './routes.mjs';

class AppController {
  visit(req) {
    const signOut = () =>
      new Promise((done, failed) => req.session.destroy((error) => (error ? failed(error) : done())));
    return respond(req.url, req.session, signOut);
  }
}
Controller()(AppController);
Req()(AppController.prototype, 'visit', 0);
All('{*path}')(AppController.prototype, 'visit', Object.getOwnPropertyDescriptor(AppController.prototype, 'visit'));

class AppModule {}
Module({ controllers: [AppController] })(AppModule);

export async function open(store) {
  const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
  app.use(session({ store, secret: 'a secret', resave: false, saveUninitialized: false }));
  await app.listen(0, '127.0.0.1');
  return { url: `http://127.0.0.1:${app.getHttpServer().address().port}`, close: () => app.close() };
}
