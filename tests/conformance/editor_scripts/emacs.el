;;; What a user of Emacs does with an appliance, as test_editors.py expects it:
;;; `emacs --batch -f package-initialize -l INIT FILE -l emacs.el`. Writes what there was to see to the file that SEEN names, as JSON.
;;; -*- lexical-binding: t -*-

(require 'cl-lib)
(require 'eglot)
(require 'flymake)
(require 'imenu)
(require 'json)
(require 'xref)

(defvar seen nil)

(defun saw (name value) (push (cons name value) seen))

(defun text () (buffer-substring-no-properties (point-min) (point-max)))

(defun wait-for (what condition)
  "Answers what CONDITION returns, as soon as that is not nil."
  (let ((end (+ (float-time) 20)) value)
    (while (not (setq value (funcall condition)))
      (when (> (float-time) end) (error "Timed out: %s" what))
      ;; What eglot does when Emacs is idle, which a batch never is.
      (when (eglot-current-server) (eglot--signal-textDocument/didChange))
      (accept-process-output nil 0.05))
    value))

(defun go-to (what offset)
  "Puts point OFFSET characters after the start of WHAT."
  (goto-char (point-min))
  (search-forward what)
  (goto-char (+ (match-beginning 0) offset)))

(defun errors ()
  (cl-remove-if-not (lambda (finding) (eq (flymake-diagnostic-type finding) 'eglot-error)) (flymake-diagnostics)))

(defun steps ()
  ;; Eglot shows what is about a buffer in a window.
  (switch-to-buffer (current-buffer))
  ;; `eglot-ensure' connects after a command, of which a batch has none.
  (run-hooks 'post-command-hook)
  (wait-for "the server" #'eglot-current-server)
  (flymake-start)
  (wait-for "the finding" #'errors)
  (saw "findings"
       (vconcat (mapcar (lambda (finding)
                          (let ((words (flymake-diagnostic-text finding)))
                            (vector (and (string-match "[EW][0-9]\\{4\\}" words) (match-string 0 words))
                                    (buffer-substring-no-properties (flymake-diagnostic-beg finding)
                                                                    (flymake-diagnostic-end finding)))))
                        (errors))))
  (unless (getenv "ONLY_FINDINGS") (more-steps))
  (eglot-shutdown (eglot-current-server)))

(defun more-steps ()
  ;; The first fix that is offered.
  (go-to "\"imge\"" 1)
  (setq last-nonmenu-event t)
  (cl-letf (((symbol-function 'completing-read) (lambda (_ choices &rest _) (caar choices))))
    (call-interactively #'eglot-code-actions))
  (wait-for "no finding" (lambda () (not (errors))))
  (saw "fixed" (text))

  (go-to "\"network_mode\"" 2)
  (let (hover)
    (eglot-hover-eldoc-function (lambda (text &rest _) (setq hover text)))
    (saw "hover" (substring-no-properties (wait-for "the text of the field" (lambda () hover)))))

  (go-to "@store" 2)
  (xref-find-definitions "LSP identifier at point.")
  (saw "definition" (buffer-substring-no-properties (point) (line-end-position)))

  (undo-boundary)
  (eglot-rename "cache")
  (saw "renamed" (text))
  (undo-boundary)
  (undo)
  (saw "undone" (text))

  (go-to "@store" 1)
  (saw "completion"
       (vconcat (mapcar #'substring-no-properties (all-completions "" (nth 2 (eglot-completion-at-point))))))

  (let (names)
    (cl-labels ((collect (item)
                  (cond ((stringp item) (push (substring-no-properties item) names))
                        ((consp item) (collect (car item)) (collect (cdr item))))))
      (collect (imenu--make-index-alist t)))
    (saw "symbols" (vconcat names)))

  (let ((uri (concat "applc-preview:/compose/compose.yaml?source=" (eglot--path-to-uri buffer-file-name))))
    (saw "preview"
         (plist-get (jsonrpc-request (eglot-current-server) :workspace/textDocumentContent (list :uri uri)) :text))))

(condition-case fault
    (steps)
  (error (saw "fault" (format "%S" fault))))
(let ((coding-system-for-write 'utf-8))
  (with-temp-file (getenv "SEEN") (insert (json-encode seen))))
(kill-emacs)
