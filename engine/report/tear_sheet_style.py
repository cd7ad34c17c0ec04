"""The style of a tear sheet: light or dark as the reader's system is, and on paper."""

STYLE = """
:root { color-scheme: light dark; --page: #fff; --card: #f6f7f9; --ink: #17202a; --soft: #5b6673;
  --rule: #dfe3e8; --up: #0b7f6e; --down: #c4451c; --up-soft: 11,127,110; --down-soft: 196,69,28;
  --c0: #2563a8; --c1: #c4661f; --c2: #2b8a3e; --c3: #8a3ea8; --c4: #a8861a; --c5: #b0305c;
  --c6: #23848f; --c7: #5c6670; --c8: #7a5230; --c9: #4a4ab0; }
@media (prefers-color-scheme: dark) { :root { --page: #12161b; --card: #1b2129; --ink: #e6e9ed;
  --soft: #9aa5b1; --rule: #2e3742; --up: #35b8a1; --down: #f0784a; --up-soft: 53,184,161;
  --down-soft: 240,120,74; --c0: #6ea8e6; --c1: #e8975a; --c2: #6cc07d; --c3: #c58be0;
  --c4: #d8b64c; --c5: #ea7ba0; --c6: #5fc3ce; --c7: #a4aeb9; --c8: #c39a74; --c9: #9a9aec; } }
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; color: var(--ink);
  background: var(--page); margin: 0 auto; max-width: 68rem; padding: 1.5rem 1.25rem 3rem; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 .2rem; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 2.2rem 0 .2rem; padding-top: .6rem;
  border-top: 1px solid var(--rule); overflow-wrap: anywhere; }
h2.run { font-size: 1.4rem; margin-top: 3rem; border-top: 3px solid var(--ink); }
h3 { font-size: .95rem; margin: 1.2rem 0 .3rem; }
p { margin: .2rem 0 .7rem; color: var(--soft); max-width: 46rem; overflow-wrap: anywhere; }
p.warn { color: var(--ink); border-left: 3px solid var(--down); padding-left: .7rem; }
.tiles { display: grid; grid-template-columns: repeat(4, 1fr); gap: .6rem;
  margin: 1rem 0; }
.tile { background: var(--card); border-radius: 8px; padding: .6rem .8rem; }
.tile b { display: block; font-size: 1.35rem; font-weight: 650; line-height: 1.25;
  font-variant-numeric: tabular-nums; }
.tile span.name, .tile small { display: block; color: var(--soft); font-size: .78rem; }
.up b.n, .n.up { color: var(--up); } .down b.n, .n.down { color: var(--down); }
table { border-collapse: collapse; font-size: .84rem; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .28rem .6rem; border-bottom: 1px solid var(--rule);
  white-space: nowrap; }
th { color: var(--soft); font-weight: 600; } th.w, td.w { text-align: left; }
tbody tr:last-child td { border-bottom: 0; }
td.noted { white-space: normal; } td.noted small { display: block; color: var(--soft); }
td .name { display: block; min-width: 9rem; max-width: 19rem; white-space: normal; }
table.months th { text-align: center; }
table.months td { min-width: 3.5rem; padding: .28rem .3rem; text-align: center;
  border: 1px solid var(--page); }
table.months td.whole { font-weight: 650; }
.scroll { overflow-x: auto; -webkit-overflow-scrolling: touch; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(19rem, 1fr));
  gap: 0 2.5rem; }
dl { display: grid; grid-template-columns: minmax(8rem, auto) 1fr; gap: .25rem 1rem;
  margin: .5rem 0; font-size: .9rem; } dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
svg { display: block; width: 100%; height: auto; margin: .4rem 0; }
svg text { font: 12px system-ui, sans-serif; fill: var(--soft); }
svg .end { text-anchor: end; } svg .mid { text-anchor: middle; }
.grid { stroke: var(--rule); } .tick { stroke: var(--soft); }
.line { fill: none; stroke-width: 1.6; stroke-linejoin: round; }
.line.zero { stroke: var(--soft); stroke-dasharray: 3 3; stroke-width: 1; }
.line.down { stroke: var(--down); stroke-width: 1.2; } .fall { fill: rgba(var(--down-soft), .22); }
.fill { opacity: .12; } .band { fill: var(--c1); opacity: .35; }
.dot { fill-opacity: .75; stroke-width: 1.2; } .dot.up { fill: var(--up); stroke: var(--up); }
.dot.down { fill: var(--down); stroke: var(--down); } .dot.hollow { fill-opacity: 0; }
.wick { fill: none; stroke-width: 1; } .body { fill: none; }
.wick.up, .body.up { stroke: var(--up); } .wick.down, .body.down { stroke: var(--down); }
.mark { stroke: var(--page); stroke-width: .8; } .bought { fill: var(--c0); }
.sold { fill: var(--c3); }
.legend { font-size: .82rem; color: var(--soft); } .legend span { margin-right: 1rem; }
.legend i { display: inline-block; width: 12px; height: 3px; margin-right: .4rem;
  vertical-align: middle; }
.bar { display: flex; height: 1.5rem; border-radius: 5px; overflow: hidden; background: var(--card);
  margin: .5rem 0; font-size: .75rem; } .bar i { display: block; }
.bar .kept { background: var(--up); } .bar .paid { background: var(--down); }
details summary { cursor: pointer; color: var(--soft); margin: .5rem 0; }
footer { margin-top: 3rem; border-top: 1px solid var(--rule); padding-top: .6rem; }
.narrow { display: none; }
@media screen and (max-width: 640px) { body { padding: 1rem .8rem 2rem; font-size: 14px; }
  .wide { display: none; } .narrow { display: block; } h1 { font-size: 1.3rem; }
  .tiles { grid-template-columns: repeat(2, 1fr); } .tile b { font-size: 1.15rem; }
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .4rem; } }
@media print { :root { --page: #fff; --card: #f3f4f6; --ink: #000; --soft: #444; --rule: #ccc; }
  body { max-width: none; padding: 0; font-size: 10pt; } .scroll { overflow: visible; }
  .scroll > div { min-width: 0 !important; } .tiles { grid-template-columns: repeat(4, 1fr); }
  table { font-size: 8pt; } th, td { padding: .15rem .4rem; } table.months td { min-width: 0;
    padding: .15rem .2rem; }
  h2 { break-after: avoid; } svg, table.months, .tiles { break-inside: avoid; }
  h2.run { break-before: page; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
""" + "".join(
    f".line.s{k} {{ stroke: var(--c{k}); }} .fill.s{k}, .legend i.s{k} "
    f"{{ fill: var(--c{k}); background: var(--c{k}); }}\n"
    for k in range(10)
)
