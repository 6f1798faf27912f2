module.exports = { number: () => dataform.projectConfig.vars.batch };
