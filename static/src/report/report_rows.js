/** How rows look: pure functions of what the server returns. */

function isForeign(row, report) {
    return row.currency_id && row.currency_id !== report.company_currency_id;
}

function hasForeignLine(lines) {
    return lines.some(
        (row) => row.line_currency_id && row.line_currency_id !== row.currency_id
    );
}

/** A column of texts that only lines have, and none of these has one. */
function isEmptyText(column, lines) {
    const isText = column.type === "text" || column.name === "expected_payment_date";
    return isText && !column.sortable && !lines.some((row) => row.values[column.name]);
}

/**
 * Returns the columns that are shown: those about another currency only where some row
 * has one, texts only where there are any.
 *
 * @param {Object} report
 * @param {Object[]} lines rows under customers that are unfolded
 * @param {Boolean} isNarrow then what only lines have waits until there are some
 */
export function getVisibleColumns(report, lines, isNarrow = false) {
    const rows = [...report.rows, ...report.totals];
    return report.columns.filter((column) => {
        const waits = isNarrow && !lines.length && !column.sortable;
        if (column.hidden || waits || isEmptyText(column, lines)) {
            return false;
        }
        if (!column.foreign) {
            return true;
        }
        return column.currency === "line"
            ? hasForeignLine(lines)
            : rows.some((row) => isForeign(row, report));
    });
}

/** Returns the id of the currency of a cell. */
export function getCurrencyId(row, column, report) {
    if (column.currency === "company") {
        return report.company_currency_id;
    }
    return (column.currency === "line" && row.line_currency_id) || row.currency_id;
}

/**
 * Returns the rows of a next page after those that are there. A part that goes on has
 * its heading already.
 */
export function appendRows(rows, more) {
    const last = rows.at(-1);
    const isRepeated =
        more[0]?.type === "section" &&
        last?.section &&
        last.section === more[0].section;
    return [...rows, ...(isRepeated ? more.slice(1) : more)];
}

export function countLines(rows) {
    return rows.filter((row) => row.type === "line").length;
}

/** Returns [{label, value}] by age of a customer's row or of a total. */
export function getAgeing(row, columns) {
    return columns
        .filter((column) => column.bucket)
        .map((column) => ({label: column.label, value: row.values[column.name] || 0}));
}

/**
 * Returns the parts of a bar. Credits have no width: they are said in words only.
 *
 * @param {{label: string, value: number}[]} ageing
 * @returns {Object[]} with `share` (percent), `isLate` and `heat` (percent, the oldest: 100)
 */
export function getBarParts(ageing) {
    const total = ageing.reduce((sum, {value}) => sum + Math.max(value, 0), 0);
    return ageing.map(({label, value}, index) => ({
        label,
        value,
        isLate: index > 0,
        heat:
            ageing.length > 2
                ? Math.round((100 * (index - 1)) / (ageing.length - 2))
                : 100,
        share: total ? (100 * Math.max(value, 0)) / total : 0,
    }));
}

function getScale(values, size) {
    const low = Math.min(...values);
    const span = Math.max(...values) - low;
    return (value) => (span ? ((value - low) / span) * size : 0);
}

/**
 * Returns the line of a balance over time: it stays until the next posting.
 *
 * @param {{date: string, value: number}[]} points in order
 * @returns {{path: string, zero: number, dots: Object[]}} in a box of that size
 */
export function getBalanceLine(points, width, height) {
    const times = points.map((point) => Date.parse(point.date));
    const getX = getScale(times, width);
    const getUp = getScale([0, ...points.map((point) => point.value)], height);
    const dots = points.map((point, index) => ({
        ...point,
        x: getX(times[index]),
        y: height - getUp(point.value),
    }));
    const path = dots
        .map(({x, y}, index) =>
            index ? `H${x.toFixed(1)}V${y.toFixed(1)}` : `M${x},${y}`
        )
        .join("");
    return {path: `${path}H${width}`, zero: height - getUp(0), dots};
}
