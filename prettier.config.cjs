// The style of the community's module template for Odoo 19.0; indentation is in .editorconfig
module.exports = {
    bracketSpacing: false,
    printWidth: 88,
    semi: true,
    trailingComma: "es5",
};
