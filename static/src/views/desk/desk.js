import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {useBus, useService} from "@web/core/utils/hooks";
import {FormController} from "@web/views/form/form_controller";
import {formView} from "@web/views/form/form_view";

const NEXT = "ACCOUNT_FOLLOWUP_DESK:NEXT";

/** One customer after the other, in the order of the work-list. */
export class DeskController extends FormController {
    setup() {
        super.setup();
        this.notifications = useService("notification");
        useBus(this.env.bus, NEXT, () => this.openNext());
    }

    async openNext() {
        const {resId, resIds} = this.model.root;
        const nextId = resIds[resIds.indexOf(resId) + 1];
        if (nextId) {
            return this.model.load({resId: nextId});
        }
        this.notifications.add(_t("That was the last customer of the list."), {
            type: "success",
        });
        return this.model.load();
    }
}

registry.category("views").add("followup_desk", {
    ...formView,
    Controller: DeskController,
});

/** What a button of the desk returns when it is done with a customer. */
function goOn(env, {params}) {
    env.services.notification.add(params.message, {type: "info"});
    env.bus.trigger(NEXT);
}

registry.category("actions").add("account_followup_desk_next", goOn);
