#!/usr/bin/env python3
"""Makes man pages of what the program says of itself.

manpages.py FOLDER < help.json     help.json is what `mmdicom --experimental-dump-help` prints

One page for the program and one for each of its commands, mmdicom.1, mmdicom-serve.1 and so on."""
import json, os, pathlib, sys, time

SEE = "mmdicom"


def escaped(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\n".join("\\&" + line if line[:1] in (".", "'") else line for line in text.split("\n"))


def spelled(name):
    return {"long": "--", "short": "-", "longWithSingleDash": "-"}[name["kind"]] + name["name"]


def value(argument):
    return "\\fI" + escaped(argument.get("valueName", "value")) + "\\fR"


def summary(argument):
    """As in the synopsis."""
    if argument["kind"] == "positional":
        text = value(argument)
    else:
        text = "\\fB" + escaped(spelled(argument["preferredName"])) + "\\fR"
        if argument["kind"] == "option":
            text += " " + value(argument)
    if argument.get("isRepeating"):
        text += " ..."
    return "[" + text + "]" if argument.get("isOptional") else text


def shown(arguments):
    return [a for a in arguments if a.get("shouldDisplay", True)]


def options(arguments):
    lines = []
    for argument in shown(arguments):
        if argument["kind"] == "positional":
            head = value(argument)
        else:
            names = ["\\fB" + escaped(spelled(name)) + "\\fR" for name in argument["names"]]
            head = ", ".join(names) + (" " + value(argument) if argument["kind"] == "option" else "")
        text = argument.get("abstract", "")
        more = argument.get("discussion", "")
        if argument.get("defaultValue"):
            text += " (default: " + argument["defaultValue"] + ")"
        if argument.get("allValues"):
            text += " One of " + ", ".join(argument["allValues"]) + "."
        lines += [".TP", head, escaped(text) or "\\&"]
        if more:
            lines += [".IP", escaped(more)]
    return lines


def paragraphs(text):
    lines = []
    for number, part in enumerate(text.strip().split("\n\n")):
        lines += ([".PP"] if number else []) + [escaped(part)]
    return lines


def page(path, command, version):
    date = time.strftime("%Y-%m-%d", time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH", time.time()))))
    name = "-".join(path)
    lines = [
        '.\\" Made of the program\'s own help by manpages.py.',
        f'.TH {name.upper()} 1 "{date}" "mmdicom {version}" "User Commands"',
        ".SH NAME",
        escaped(name) + " \\- " + escaped(command.get("abstract", "").rstrip(".")),
        ".SH SYNOPSIS",
    ]
    children = [c for c in command.get("subcommands", []) if c.get("shouldDisplay", True) and c["commandName"] != "help"]
    own = [a for a in shown(command.get("arguments", []))]
    words = "\\fB" + escaped(" ".join(path)) + "\\fR"
    lines.append(" ".join([words] + [summary(a) for a in own] + (["\\fIcommand\\fR ..."] if children else [])))
    if command.get("discussion"):
        lines += [".SH DESCRIPTION"] + paragraphs(command["discussion"])
    elif children:
        lines += [".SH DESCRIPTION", escaped(command.get("abstract", ""))]
    if children:
        lines.append(".SH COMMANDS")
        for child in children:
            lines += [".TP", "\\fB" + escaped(child["commandName"]) + "\\fR", escaped(child.get("abstract", ""))]
    if own:
        lines += [".SH OPTIONS"] + options(own)
    if len(path) > 1:
        for child in children:
            lines += [f".SH {child['commandName'].upper()}", escaped(child.get("abstract", ""))]
            inner = [summary(a) for a in shown(child.get("arguments", []))]
            lines += [".PP", " ".join(["\\fB" + escaped(" ".join(path + [child["commandName"]])) + "\\fR"] + inner)]
            if child.get("discussion"):
                lines += [".PP"] + paragraphs(child["discussion"])
            lines += options(child.get("arguments", []))
    lines += [
        ".SH FILES", ".TP", "\\fI/etc/mmdicom/mmdicom.yaml\\fR", "The daemon\\(aqs configuration; it explains each key.",
        ".TP", "\\fI/usr/share/doc/mmdicom/guide\\fR", "How it is operated, what each code means, what it conforms to.",
        ".SH NOTES", "Research use only, not for diagnosis.", ".SH SEE ALSO",
    ]
    if len(path) == 1:
        others = [f"mmdicom-{child['commandName']}" for child in children]
    else:
        others = [SEE]
    lines.append(",\n".join(f"\\fB{escaped(other)}\\fR(1)" for other in others))
    return "\n".join(lines) + "\n"


def main():
    folder = pathlib.Path(sys.argv[1])
    version = sys.argv[2] if len(sys.argv) > 2 else ""
    root = json.load(sys.stdin)["command"]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mmdicom.1").write_text(page(["mmdicom"], root, version))
    for command in root["subcommands"]:
        if command.get("shouldDisplay", True) and command["commandName"] != "help":
            path = ["mmdicom", command["commandName"]]
            (folder / ("-".join(path) + ".1")).write_text(page(path, command, version))


main()
