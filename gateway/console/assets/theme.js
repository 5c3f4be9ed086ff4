try{const t=localStorage.getItem("sc-theme");if(t==="light"||t==="dark")document.documentElement.dataset.theme=t}catch{}
document.documentElement.dataset.js=""
