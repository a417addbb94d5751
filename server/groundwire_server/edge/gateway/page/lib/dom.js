// Elements, built node by node: text stays text, whatever it holds, and an address leads to a web page or nowhere.

/** @typedef {Node | string | number | null | undefined | false} Child */

/**
 * Return an element.
 *
 * @param {string} name of the element
 * @param {Record<string, any>} attributes `on` holds listeners, `data` the data attributes; null and false leave one out
 * @param {...(Child | Child[])} children strings become text
 * @returns {HTMLElement}
 */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else if (key === "data") Object.assign(element.dataset, value);
    else if (key === "value" || key === "checked") /** @type {any} */ (element)[key] = value;
    else if (key === "href") setAddress(element, String(value));
    else element.setAttribute(key, value === true ? "" : String(value));
  }
  element.append(...nodes(children));
  return element;
}

/**
 * Return an element of SVG.
 *
 * @param {string} name
 * @param {Record<string, string | number>} attributes
 * @param {...Child} children
 * @returns {SVGElement}
 */
export function svg(name, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.append(...nodes(children));
  return element;
}

/**
 * Put children in the place of those that an element has.
 *
 * @param {Element} element
 * @param {...(Child | Child[])} children
 */
export function fill(element, ...children) {
  element.replaceChildren(...nodes(children));
}

/**
 * Return whether an address may be a link: documents and callers choose addresses, and some run scripts.
 *
 * @param {string} address
 */
export function isWebAddress(address) {
  try {
    return ["http:", "https:"].includes(new URL(address).protocol);
  } catch {
    return false;
  }
}

/**
 * Return an element of the page by its id.
 *
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no element ${id}`);
  return element;
}

/** @param {HTMLElement} element @param {string} address */
function setAddress(element, address) {
  if (address.startsWith("#")) {
    element.setAttribute("href", address);
  } else if (isWebAddress(address)) {
    element.setAttribute("href", address);
    element.setAttribute("rel", "noopener noreferrer");
    element.setAttribute("target", "_blank");
  }
}

/** @param {(Child | Child[])[]} children @returns {(Node | string)[]} */
function nodes(children) {
  return /** @type {(Node | string)[]} */ (
    children
      .flat()
      .filter((child) => child !== null && child !== undefined && child !== false && child !== "")
      .map((child) => (child instanceof Node ? child : String(child)))
  );
}
