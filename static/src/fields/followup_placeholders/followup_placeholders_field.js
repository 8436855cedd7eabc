import {Component} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {useService} from "@web/core/utils/hooks";
import {standardFieldProps} from "@web/views/fields/standard_field_props";

/**
 * The words that a text about payment reminders can name, to click on (Y4). A click
 * leaves the cursor where it is, in the subject or in the text, and writes the word
 * there.
 */
export class FollowupPlaceholdersField extends Component {
    static template = "account_payment_followup.FollowupPlaceholdersField";
    static props = {...standardFieldProps};

    setup() {
        this.notification = useService("notification");
    }

    get placeholders() {
        return this.props.record.data[this.props.name] || [];
    }

    insert(name) {
        const target = document.activeElement;
        if (target?.isContentEditable || target?.matches("input, textarea")) {
            document.execCommand("insertText", false, `[[${name}]]`);
        } else {
            this.notification.add(_t("Click into the subject or the text first."), {
                type: "info",
            });
        }
    }
}

registry.category("fields").add("followup_placeholders", {
    component: FollowupPlaceholdersField,
    supportedTypes: ["json"],
});
