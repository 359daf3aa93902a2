/** http-parser-js: Node's former parser in JavaScript, driven through the same callbacks as Node's own. */
import { HTTPParser } from 'http-parser-js';
import { open as openParser } from './node-parser.mjs';

// It calls back as Node's parser does today once it was asked for this constant.
HTTPParser.kOnExecute;

export const open = (task) => openParser(task, { Parser: HTTPParser });
