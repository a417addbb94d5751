export class UsageView { constructor(client){ this.client=client; this.element=document.createElement("div"); this.keys=[];} async open(){} close(){} }
