/**
 * The thread in which scripted servers live, apart from the test's: a client that blocks its thread can be served too.
 * Questions are answered at once, so that a test may block while it asks; opening and closing take their time.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { Listener } from './listener.js';
import { ANSWERS, type Answer, CHANGES, type Done, type Question, type Task, type ThreadData } from './server-facts.js';

const { questions, counts } = workerData as ThreadData;
const listeners = new Map<number, Listener>();

function count(word: number): void {
  Atomics.add(counts, word, 1);
  Atomics.notify(counts, word);
}

function listenerOf(server: number): Listener {
  const listener = listeners.get(server);
  if (listener === undefined) throw new Error('Cannot ask the server: it is closed');
  return listener;
}

function answerTo({ server, peer, about }: Question): unknown {
  const listener = listenerOf(server);
  const asked = (peer === null ? listener : listener.peer(peer)) as unknown as Record<string, unknown>;
  const value = asked[about];
  return typeof value === 'function' ? value.call(asked) : value;
}

async function carryOut(task: Task): Promise<number | null> {
  if ('open' in task) {
    const listener = new Listener(task.scripts, task.options, () => count(CHANGES));
    await listener.listen();
    listeners.set(task.open, listener);
    return listener.port;
  }
  if ('rest' in task) return listenerOf(task.rest).takenAtRest(task.calmMs);
  const listener = listenerOf(task.close);
  listeners.delete(task.close);
  await listener.close();
  return null;
}

questions.on('message', (question: Question) => {
  let answer: Answer;
  try {
    answer = { value: answerTo(question) };
  } catch (error) {
    answer = { error };
  }
  questions.postMessage(answer);
  count(ANSWERS);
});

parentPort?.on('message', (task: Task) => {
  const say = (done: Done): void => parentPort?.postMessage(done);
  carryOut(task).then(
    (value) => say({ task: task.task, value }),
    (error: unknown) => say({ task: task.task, error }),
  );
});
