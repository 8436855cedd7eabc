import {ConfirmationDialog} from "@web/core/confirmation_dialog/confirmation_dialog";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {useService} from "@web/core/utils/hooks";
import {FormController} from "@web/views/form/form_controller";
import {formView} from "@web/views/form/form_view";

/** Returns what a text says, however it is marked up. */
function getText(html) {
    const page = new DOMParser().parseFromString(html || "", "text/html");
    return page.body.textContent.replace(/\s+/g, " ").trim();
}

/** A window with a text: it does not close over what somebody has typed. */
export class SendWindowController extends FormController {
    setup() {
        super.setup();
        this.dialogs = useService("dialog");
        const {dialogData} = this.env;
        if (dialogData) {
            dialogData.dismiss = async () => {
                if (!(await this.mayDiscard())) {
                    await new Promise(() => undefined); // the window stays
                }
            };
        }
    }

    async isTextEdited() {
        const {root} = this.model;
        await root.isDirty(); // the editor hands over what it has
        const {data} = root;
        return (
            (data.subject || "") !== (data.default_subject || "") ||
            (data.sms_body || "") !== (data.default_sms_body || "") ||
            getText(data.body) !== getText(data.default_body)
        );
    }

    async mayDiscard() {
        if (!(await this.isTextEdited())) {
            return true;
        }
        return new Promise((resolve) => {
            this.dialogs.add(ConfirmationDialog, {
                title: _t("Discard the text?"),
                body: _t("The text was changed. It is lost when the window closes."),
                confirmLabel: _t("Discard"),
                confirm: () => resolve(true),
                cancelLabel: _t("Go on Writing"),
                cancel: () => resolve(false),
                dismiss: () => resolve(false),
            });
        });
    }

    async beforeExecuteActionButton(clickParams) {
        if (clickParams.special === "cancel" && !(await this.mayDiscard())) {
            return false;
        }
        return super.beforeExecuteActionButton(clickParams);
    }
}

registry.category("views").add("followup_send_window", {
    ...formView,
    Controller: SendWindowController,
});
