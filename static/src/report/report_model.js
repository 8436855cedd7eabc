import {KeepLast} from "@web/core/utils/concurrency";
import {appendRows, countLines} from "./report_rows";
import {compact} from "./report_options";

const MODEL = "account.followup.report";
/** So many customers are unfolded at the same time. */
const PARALLEL = 3;

/**
 * What is shown: the report, and the lines of the customers that are unfolded. Knows
 * nothing of the screen; make it reactive.
 */
export class ReportModel {
    constructor(orm, options) {
        this.orm = orm;
        this.keepLast = new KeepLast();
        this.options = options;
        this.report = null;
        /** @type {Object<string, {rows: Object[], remaining: number, isLoading: boolean}>} */
        this.unfolded = {};
        this.isLoading = false;
        this.error = null;
    }

    /** Options for the server, without what only the screen knows. */
    get chosen() {
        const {unfold, ...options} = this.options;
        return compact(options);
    }

    /** Options for a file: what is folded on the screen is so on paper, too. */
    get printed() {
        const unfolded = Object.keys(this.unfolded);
        const {unfold = false} = this.options;
        return {...this.chosen, unfold, ...(unfold ? {} : {unfolded})};
    }

    /** Whether lines would be printed. */
    get hasLines() {
        return Boolean(this.options.unfold || Object.keys(this.unfolded).length);
    }

    get lines() {
        return Object.values(this.unfolded).flatMap((lines) => lines.rows);
    }

    /**
     * Reads the report anew. What is unfolded stays so, where it is still there.
     *
     * @param {Object} [options] other options; then only what they ask for is unfolded
     */
    async load(options) {
        const counts = options ? this._getDefaultCounts : () => this._countLines();
        this.options = options || this.options;
        await this._load(counts.bind(this));
    }

    /** Shows again what was exported. */
    async restore({options, unfolded}) {
        this.options = options;
        await this._load(() => unfolded);
    }

    /** Returns what is needed to show the same again. */
    exportState() {
        // plain copies: a browser cannot keep reactive objects in its history
        return JSON.parse(
            JSON.stringify({options: this.options, unfolded: this._countLines()})
        );
    }

    /**
     * @param {(report: Object) => Object} getCounts {row: number of lines to be there}
     */
    async _load(getCounts) {
        this.isLoading = true;
        try {
            const report = await this.keepLast.add(
                this.orm.call(MODEL, "get_report", [this.chosen])
            );
            const counts = getCounts(report);
            const wanted = report.rows.filter(({id}) => id in counts);
            const unfolded = await this.keepLast.add(
                this._readAll(
                    Object.fromEntries(wanted.map(({id}) => [id, counts[id]]))
                )
            );
            // whoever asked for none has that of the server
            const options = {...this.options, variant: report.options.variant};
            Object.assign(this, {options, report, unfolded, error: null});
        } catch (error) {
            this.error = error;
        }
        this.isLoading = false;
    }

    /** A customer alone is unfolded at once. */
    _getDefaultCounts(report) {
        const isSingle = this.options.partner_ids?.length === 1 || report.count === 1;
        const rows = isSingle || this.options.unfold ? report.rows : [];
        return Object.fromEntries(rows.map(({id}) => [id, 0]));
    }

    _countLines() {
        return Object.fromEntries(
            Object.entries(this.unfolded).map(([id, {rows}]) => [id, countLines(rows)])
        );
    }

    async _readAll(wanted) {
        const unfolded = {};
        const queue = Object.entries(wanted);
        const work = async () => {
            while (queue.length) {
                const [rowId, count] = queue.shift();
                unfolded[rowId] = await this._read(rowId, count);
            }
        };
        await Promise.all(Array.from({length: PARALLEL}, work));
        return unfolded;
    }

    /** Reads at least so many lines of a customer, whole pages. */
    async _read(rowId, count, rows = []) {
        const page = await this.orm.call(MODEL, "get_lines", [
            this.chosen,
            rowId,
            countLines(rows),
        ]);
        const all = appendRows(rows, page.rows);
        if (page.remaining && countLines(all) < count) {
            return this._read(rowId, count, all);
        }
        return {rows: all, remaining: page.remaining, isLoading: false};
    }

    isUnfolded(row) {
        return row.id in this.unfolded;
    }

    async toggle(row) {
        if (this.isUnfolded(row)) {
            delete this.unfolded[row.id];
        } else {
            await this._fetch(row.id, []);
        }
    }

    async loadMore(row) {
        await this._fetch(row.id, this.unfolded[row.id].rows);
    }

    async _fetch(rowId, rows) {
        const chosen = this.chosen;
        const before = this.unfolded[rowId]?.remaining || 0;
        this.unfolded[rowId] = {rows, remaining: before, isLoading: true};
        try {
            const lines = await this._read(rowId, 0, rows);
            const isStale = JSON.stringify(chosen) !== JSON.stringify(this.chosen);
            // folded or filtered meanwhile: it is not asked for any more
            if (!isStale && rowId in this.unfolded) {
                this.unfolded[rowId] = lines;
            }
        } catch (error) {
            delete this.unfolded[rowId];
            throw error;
        }
    }

    async unfoldAll() {
        const missing = this.report.rows.filter((row) => !this.isUnfolded(row));
        const lines = await this.keepLast.add(
            this._readAll(Object.fromEntries(missing.map((row) => [row.id, 0])))
        );
        Object.assign(this.unfolded, lines);
    }

    foldAll() {
        this.unfolded = {};
    }
}
