import {browser} from "@web/core/browser/browser";
import {user} from "@web/core/user";

/** Every option of a report and how it is written in an address. */
const SHAPES = {
    period: "text",
    date_from: "text",
    date_to: "text",
    partner_ids: "ids",
    category_ids: "ids",
    level_ids: "ids",
    currency_ids: "ids",
    salesperson_ids: "ids",
    responsible_ids: "ids",
    trust: "texts",
    status: "texts",
    search: "text",
    draft: "flag",
    hide_settled: "flag",
    accounts: "text",
    currency: "text",
    age_by: "text",
    compare: "number",
    sort: "text",
    descending: "flag",
    offset: "number",
    unfold: "flag",
};

/** Who is shown: a choice that the variants share. */
const WHO = [
    "partner_ids",
    "category_ids",
    "salesperson_ids",
    "responsible_ids",
    "level_ids",
    "currency_ids",
    "trust",
    "status",
];
const SHARED = [...WHO, "search", "draft"];
/** What belongs to the moment and is not remembered. */
const FLEETING = ["partner_ids", "search", "offset"];

/**
 * A router takes "00017" for the number 17: what looks like one is put between quotes,
 * and so is what has quotes of its own.
 */
function writeText(value) {
    return isNaN(value) && !/^".*"$/.test(value) ? value : `"${value}"`;
}

function readText(value) {
    return String(value).replace(/^"(.*)"$/, "$1");
}

const READERS = {
    text: readText,
    flag: (value) => ["1", "true"].includes(String(value)),
    number: (value) => Math.max(parseInt(value, 10) || 0, 0),
    texts: (value) => String(value).split(",").filter(Boolean),
    ids: (value) => String(value).split(",").map(Number).filter(Number.isInteger),
};

function isEmpty(value) {
    return !value || (Array.isArray(value) && !value.length);
}

/** Returns the options without those that are empty: what a person really chose. */
export function compact(options) {
    return Object.fromEntries(
        Object.entries(options).filter(([, value]) => !isEmpty(value))
    );
}

function pick(options, names) {
    return compact(Object.fromEntries(names.map((name) => [name, options[name]])));
}

/**
 * @param {Object} options
 * @returns {Object} keys of the address; those that are not chosen are undefined
 */
export function optionsToState(options) {
    const state = {report: options.variant};
    for (const [name, shape] of Object.entries(SHAPES)) {
        const value = options[name];
        if (isEmpty(value)) {
            state[name] = undefined;
        } else if (shape === "flag") {
            state[name] = 1;
        } else if (shape === "text") {
            state[name] = writeText(value);
        } else {
            state[name] = Array.isArray(value) ? value.join(",") : value;
        }
    }
    return state;
}

/**
 * @param {Object} state of an address, or parameters of an action
 * @returns {Object|null} options; null when there are none
 */
export function stateToOptions(state) {
    const variant = state?.report || state?.variant;
    if (!variant) {
        return null;
    }
    const options = {variant: String(variant)};
    for (const [name, shape] of Object.entries(SHAPES)) {
        if (!isEmpty(state[name])) {
            options[name] = READERS[shape](state[name]);
        }
    }
    return compact(options);
}

// -----------------------------------------------------------------------------
// The last choice, per user, company and variant
// -----------------------------------------------------------------------------

function getKey() {
    return `account_followup_report/${user.userId}/${user.activeCompany?.id}`;
}

function readAll() {
    try {
        return JSON.parse(browser.localStorage.getItem(getKey())) || {};
    } catch {
        return {};
    }
}

/** Keeps what was chosen for the next time. */
export function remember(options) {
    const {variant, ...chosen} = compact(options);
    FLEETING.forEach((name) => delete chosen[name]);
    const all = {...readAll(), [variant]: chosen, last: variant};
    try {
        browser.localStorage.setItem(getKey(), JSON.stringify(all));
    } catch {
        // a full or forbidden storage only costs the memory
    }
}

function recall(variant) {
    const chosen = readAll()[variant];
    return chosen && typeof chosen === "object"
        ? stateToOptions(optionsToState({...chosen, variant}))
        : {};
}

/** Returns the options with which a variant opens from a menu or a button. */
export function openOptions(given) {
    const options = {...recall(given.variant), variant: given.variant};
    if (given.partner_ids?.length) {
        // asked for by name: they are shown whatever was chosen before
        WHO.forEach((name) => delete options[name]);
    }
    return {...options, ...compact(given)};
}

/** Returns the options for another variant: the same customers, its own last look. */
export function switchVariant(options, variant) {
    const look = recall(variant);
    SHARED.forEach((name) => delete look[name]);
    return {...look, ...pick(options, SHARED), variant};
}

/** Returns the options after a click on the head of a column. */
export function sortBy(options, name, isAmount) {
    const {sort, descending, offset, ...rest} = options;
    const isSame = (sort || "name") === name;
    // the largest amounts are what one looks for, names begin with A
    const isDescending = isSame ? !descending : isAmount;
    return compact({
        ...rest,
        sort: name === "name" ? "" : name,
        descending: isDescending,
    });
}

/** Returns how many filters of customers are set, shown on the button. */
export function countFilters(options) {
    return ["level_ids", "currency_ids", "trust", "status"].reduce(
        (count, name) => count + (options[name]?.length || 0),
        0
    );
}

/** Returns the list with a value in it, or without it where it was. */
export function toggle(values = [], value) {
    return values.includes(value)
        ? values.filter((other) => other !== value)
        : [...values, value];
}
