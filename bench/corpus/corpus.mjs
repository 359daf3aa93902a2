/** The corpus of the exact layer, made in code from seeds: equal everywhere, and held to its hashes (hashes.mjs). */
import { codedContents } from './coded.mjs';
import { exchanges } from './exchanges.mjs';
import { apiRequestLists, apiResponseLists, requestLists, responseLists } from './lists.mjs';
import { messages } from './messages.mjs';

export function corpus() {
  const lists = [
    { name: '64 requests of 12 fields', lists: requestLists() },
    { name: '64 responses of 20 fields', lists: responseLists() },
    { name: '64 API requests of 10 fields', lists: apiRequestLists() },
    { name: '64 API responses of 12 fields', lists: apiResponseLists() },
  ];
  return { messages: messages(), coded: codedContents(), lists, exchanges: exchanges() };
}
