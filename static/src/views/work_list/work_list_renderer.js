import {useEffect} from "@odoo/owl";
import {NarrowListRenderer} from "../narrow_list/narrow_list";

/** Columns that cost: they are read when they are shown, not whenever the list is. */
export const LAZY = [
    "average_days_late",
    "late_share",
    "suggested_trust",
    "waiting_text",
];

/** Takes the costly columns out of what a list reads; returns what was taken. */
export function takeLazyFields(activeFields) {
    const lazyFields = {};
    for (const name of LAZY) {
        if (name in activeFields) {
            lazyFields[name] = activeFields[name];
            delete activeFields[name];
        }
    }
    return lazyFields;
}

/** The rows of the work-list: a costly column appears when its values have come. */
export class WorkListRenderer extends NarrowListRenderer {
    setup() {
        super.setup();
        useEffect(() => {
            this.loadLazyFields();
        });
    }

    getActiveColumns() {
        const {records} = this.props.list;
        return super
            .getActiveColumns()
            .filter(
                ({name}) =>
                    !LAZY.includes(name) || records.every((row) => name in row.data)
            );
    }

    loadLazyFields() {
        const {model} = this.props.list;
        const {activeFields} = model.config;
        const names = LAZY.filter(
            (name) =>
                this.optionalActiveFields[name] &&
                model.lazyFields?.[name] &&
                !(name in activeFields)
        );
        if (names.length) {
            for (const name of names) {
                activeFields[name] = model.lazyFields[name];
            }
            model.load();
        }
    }
}
