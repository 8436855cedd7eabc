import {registry} from "@web/core/registry";
import {ListRenderer} from "@web/views/list/list_renderer";
import {listView} from "@web/views/list/list_view";

/** Windows below this width are narrow. */
const NARROW = 1350;

/**
 * A list whose less important columns go on narrow screens, so that the others can be
 * read and its buttons are reached. Fields say in their options
 *
 * - hide_below: the width of the window that they need
 * - narrow_width: their width in a narrow window
 */
export class NarrowListRenderer extends ListRenderer {
    getActiveColumns() {
        const columns = super
            .getActiveColumns()
            .filter((column) => !(column.options?.hide_below > window.innerWidth));
        if (window.innerWidth >= NARROW) {
            return columns;
        }
        return columns.map((column) => {
            const width = column.options?.narrow_width;
            return width ? {...column, attrs: {...column.attrs, width}} : column;
        });
    }
}

registry.category("views").add("followup_narrow_list", {
    ...listView,
    Renderer: NarrowListRenderer,
});
