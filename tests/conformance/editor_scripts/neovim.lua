-- What a user of Neovim does with an appliance, as test_editors.py expects it: `nvim -u INIT FILE -S neovim.lua`. Writes
-- what there was to see to the file that SEEN names, as JSON.

local seen = {}
local original

local function text()
  return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), "\n") .. "\n"
end

local function wait(what, condition)
  if not vim.wait(20000, condition, 20) then
    error("timed out: " .. what)
  end
end

-- Puts the cursor `offset` bytes after the start of `what`.
local function go_to(what, offset)
  vim.api.nvim_win_set_cursor(0, { 1, 0 })
  assert(vim.fn.search("\\V" .. vim.fn.escape(what, "\\"), "c") > 0, what)
  local at = vim.api.nvim_win_get_cursor(0)
  vim.api.nvim_win_set_cursor(0, { at[1], at[2] + (offset or 0) })
end

local function errors()
  return vim.diagnostic.get(0, { severity = vim.diagnostic.severity.ERROR })
end

-- What the server answers about the cursor, or to `parameters`.
local function ask(method, parameters)
  local client = (vim.lsp.get_clients or vim.lsp.get_active_clients)()[1]
  parameters = parameters or vim.lsp.util.make_position_params(0, client.offset_encoding)
  local answer
  local function keep(fault, result) answer = { fault = fault, result = result } end
  if vim.fn.has("nvim-0.11") == 1 then
    client:request(method, parameters, keep)
  else
    client.request(method, parameters, keep)
  end
  wait(method, function() return answer end)
  assert(not answer.fault, vim.inspect(answer.fault))
  return answer.result
end

local function floating()
  for _, window in ipairs(vim.api.nvim_list_wins()) do
    if vim.api.nvim_win_get_config(window).relative ~= "" then
      return window
    end
  end
end

local function steps()
  original = vim.api.nvim_get_current_buf()
  wait("the finding", function() return #errors() > 0 end)
  seen.findings = {}
  for _, finding in ipairs(errors()) do
    local words = vim.api.nvim_buf_get_text(0, finding.lnum, finding.col, finding.end_lnum, finding.end_col, {})
    local code = finding.code or finding.user_data.lsp.code
    table.insert(seen.findings, { code, table.concat(words, "\n") })
  end

  if os.getenv("ONLY_FORMATTING") then
    if vim.lsp.buf.format then
      vim.lsp.buf.format({ timeout_ms = 20000 })
    else
      vim.lsp.buf.formatting_sync(nil, 20000)
    end
    seen.formatted = text()
    return
  end

  if os.getenv("ONLY_FINDINGS") then
    return
  end

  -- The first fix that is offered.
  vim.ui.select = function(items, _, chosen) chosen(items[1], 1) end
  go_to('"imge"', 1)
  vim.lsp.buf.code_action()
  wait("no finding", function() return #errors() == 0 end)
  seen.fixed = text()

  go_to('"network_mode"', 2)
  vim.lsp.buf.hover()
  wait("the text of the field", floating)
  local window = floating()
  seen.hover = table.concat(vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(window), 0, -1, false), "\n")
  vim.api.nvim_win_close(window, true)

  go_to("@store", 2)
  local from = vim.api.nvim_win_get_cursor(0)
  vim.lsp.buf.definition()
  wait("the definition", function() return vim.api.nvim_win_get_cursor(0)[1] ~= from[1] end)
  local to = vim.api.nvim_win_get_cursor(0)
  seen.definition = vim.api.nvim_get_current_line():sub(to[2] + 1)

  vim.lsp.buf.rename("cache")
  wait("the new name", function() return text() ~= seen.fixed end)
  seen.renamed = text()
  vim.cmd("undo")
  seen.undone = text()

  go_to("@store", 1)
  seen.completion = {}
  local completion = ask("textDocument/completion")
  for _, item in ipairs(completion.items or completion) do
    table.insert(seen.completion, item.label)
  end

  seen.symbols = {}
  local function names(symbols)
    for _, symbol in ipairs(symbols) do
      table.insert(seen.symbols, symbol.name)
      names(symbol.children or {})
    end
  end
  names(ask("textDocument/documentSymbol"))

  if vim.lsp.commands["applc.preview"] then
    vim.lsp.codelens.refresh({ bufnr = 0 })
    wait("the lenses", function() return #vim.lsp.codelens.get(0) > 0 end)
    go_to("{")
    vim.lsp.codelens.run()
    local function preview()
      for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
        local lines = vim.api.nvim_buf_get_lines(buffer, 0, -1, false)
        if buffer ~= original and lines[1] == "name: shop" then
          return table.concat(lines, "\n") .. "\n"
        end
      end
    end
    wait("the preview", preview)
    seen.shown = preview()
    -- It follows what is typed.
    go_to("shop/web:1.4")
    vim.cmd([[substitute/web:1.4/web:1.5/]])
    wait("the new image", function() return preview():find("shop/web:1.5", 1, true) end)
    vim.cmd("undo")
    wait("the old image", function() return preview() == seen.shown end)
    -- From a line of the preview to its field, and back.
    local beside = vim.api.nvim_get_current_win()
    vim.cmd("wincmd w")
    seen.kind = vim.bo.filetype
    seen.modifiable = vim.bo.modifiable
    go_to("shop/web:1.4")
    vim.lsp.buf.definition()
    wait("the field", function() return vim.api.nvim_get_current_buf() == original end)
    seen.field = vim.fn.expand("<cWORD>")
    vim.cmd("bdelete " .. vim.fn.bufnr("applc-preview"))
    vim.api.nvim_set_current_win(beside)
    go_to("shop/web:1.4")
    vim.lsp.buf.implementation()
    wait("the line", function() return vim.api.nvim_get_current_buf() ~= original end)
    seen.line = vim.api.nvim_get_current_line()
    vim.api.nvim_set_current_buf(original)
  end

  local uri = "applc-preview:/compose/compose.yaml?source=" .. vim.uri_from_bufnr(original)
  seen.preview = ask("workspace/textDocumentContent", { uri = uri }).text
end

local done, fault = xpcall(steps, debug.traceback)
if not done then
  seen.fault = fault
end
local file = assert(io.open(os.getenv("SEEN"), "w"))
file:write((vim.json and vim.json.encode or vim.fn.json_encode)(seen))
file:close()
vim.cmd("qall!")
