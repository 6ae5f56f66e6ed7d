// @ts-check
// The shapes that travel over the wire and through the page.

/**
 * @typedef {{data: string, label: string}} Button
 * @typedef {{url: string, kind: string, name: string}} Media
 * @typedef {"customer" | "bot" | "manager"} Speaker
 *
 * @typedef {object} Item            One message of the conversation, as the server keeps it.
 * @property {number} id
 * @property {string} at             ISO 8601
 * @property {Speaker} from
 * @property {string | null} name
 * @property {string} text
 * @property {Button[]} buttons
 * @property {Media[]} media
 * @property {string | null} client_id
 * @property {string | null} status
 *
 * @typedef {object} Outgoing        One message of the customer's that the server has not acknowledged yet.
 * @property {string} id             client id: the same at every attempt
 * @property {string} text
 * @property {string} [button]
 * @property {string[]} [files]
 * @property {Media[]} media         what the bubble shows meanwhile
 * @property {number} at             ms
 * @property {string} [failed]       why the server refused it, in the customer's words
 * @property {boolean} [kept]        the server has it on disk; its item is still to come
 *
 * @typedef {{name: string, greeting?: string}} Shop
 *
 * @typedef {object} Row             One bubble: an item or an outgoing message, ready to draw.
 * @property {string} key
 * @property {number} id             0 while it is not acknowledged
 * @property {Date} at
 * @property {Speaker} from
 * @property {string} name
 * @property {string} text
 * @property {Button[]} buttons
 * @property {Media[]} media
 * @property {"pending" | "sent" | "read" | "failed"} status
 * @property {string} problem
 * @property {boolean} live          its buttons may still be pressed
 * @property {string} chosen         data of the button that was pressed
 * @property {boolean} first         opens a group of one speaker
 * @property {boolean} last          closes it
 */

export {};
