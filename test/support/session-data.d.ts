// Lets tests read and write any key of a session without a cast.
import 'express-session';

declare module 'express-session' {
  interface SessionData {
    [key: string]: any;
  }
}
