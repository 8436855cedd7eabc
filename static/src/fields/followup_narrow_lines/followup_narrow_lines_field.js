import {registry} from "@web/core/registry";
import {X2ManyField, x2ManyField} from "@web/views/fields/x2many/x2many_field";
import {NarrowListRenderer} from "../../views/narrow_list/narrow_list";

/** Lines in a form whose less important columns go on narrow screens. */
export class FollowupNarrowLinesField extends X2ManyField {
    static components = {...X2ManyField.components, ListRenderer: NarrowListRenderer};
}

export const followupNarrowLinesField = {
    ...x2ManyField,
    component: FollowupNarrowLinesField,
};

registry.category("fields").add("followup_narrow_lines", followupNarrowLinesField);
