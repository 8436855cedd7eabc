import {registry} from "@web/core/registry";

const tours = registry.category("web_tour.tours");

/** On a busy machine a step comes later than within the ten seconds of web_tour. */
function bePatient(name, tour) {
    if (name.startsWith("account_followup_")) {
        const getSteps = tour.steps;
        tour.steps = () => getSteps().map((step) => ({timeout: 60000, ...step}));
    }
}

for (const [name, tour] of tours.getEntries()) {
    bePatient(name, tour);
}
tours.addEventListener("UPDATE", ({detail}) => {
    if (detail.operation === "add") {
        bePatient(detail.key, detail.value);
    }
});
