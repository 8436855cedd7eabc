import {Component} from "@odoo/owl";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";

/**
 * The words that a text about payment reminders can name, to click on (Y4). A click
 * leaves the cursor where it is, in the subject or in the text, and writes the word
 * there.
 */
export class FollowupPlaceholdersField extends Component {
    static template = "account_payment_followup.FollowupPlaceholdersField";
    static props = {...standardFieldProps};

    get placeholders() {
        return this.props.record.data[this.props.name] || [];
    }

    insert(name) {
        document.execCommand("insertText", false, `[[${name}]]`);
    }
}

registry.category("fields").add("followup_placeholders", {
    component: FollowupPlaceholdersField,
    supportedTypes: ["json"],
});
