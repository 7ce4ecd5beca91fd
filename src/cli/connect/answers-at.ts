import { createConnection } from "node:net";

/** Whether somebody listens at a socket. One that a dead process left behind refuses. */
export function answersAt(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    const say = (answers: boolean) => () => {
      socket.destroy();
      resolve(answers);
    };
    socket.once("connect", say(true));
    socket.once("error", say(false));
  });
}
