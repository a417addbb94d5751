export class ReviewView { constructor(client){ this.client=client; this.element=document.createElement("div"); this.keys=[];} async open(){} close(){} }
