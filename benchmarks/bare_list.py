"""The floor of the board: a page that shows as many rows, of plain text cells, and changes as many cells as often.

It knows no patient, no alert, no age and no connection; it makes its numbers up itself. What it needs is what the
browser and the machine (without a graphics card, all is drawn by the processor) ask of any list of this length.
"""

PAINTS_A_SECOND = 4
_CELLS = 7

PAGE = """
<!doctype html>
<style>
  body { margin: 0; font: 16px system-ui }
  table { width: 100%; border-collapse: collapse }
  td { height: 65px; border-bottom: 1px solid #ccc; white-space: nowrap }
</style>
<table></table>
"""

FILL = f"""
(patients) => {{
  const cells = [];
  const some = () => String(60 + Math.floor(Math.random() * 40));
  for (let n = 1; n <= patients; n++) {{
    const row = document.querySelector('table').insertRow();
    row.insertCell().textContent = `Testa Testsson ${{n}}`;
    for (let cell = 0; cell < {_CELLS}; cell++) {{
      const made = row.insertCell();
      made.textContent = some();
      cells.push(made.firstChild);
    }}
  }}
  setInterval(() => {{
    for (let n = 0; n < patients / {PAINTS_A_SECOND}; n++) {{
      cells[Math.floor(Math.random() * cells.length)].data = some();
    }}
  }}, 1000 / {PAINTS_A_SECOND});
}}
"""
