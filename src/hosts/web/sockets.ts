/** No sockets but those that are given: without them an AsyncClient sends by the host's fetch. */
export { givenConnector as connector } from '../given-sockets.js';
