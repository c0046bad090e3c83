#!/usr/bin/env bash
# Makes the screenshots beside this file from the real window: screenshots/make.sh PATH_TO_CLIPSIGHT
# Needs Xvfb, xdotool, ImageMagick's import, and a Vulkan adapter (mesa-vulkan-drivers has a software one).
set -euo pipefail
program=$(realpath "$1")
cd "$(dirname "$0")"
export XDG_RUNTIME_DIR="${XDG_RUNTIME_DIR:-$(mktemp -d)}"
export CLIPSIGHT_DEVICE=cpu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# act STEP: a key; click:X,Y; drag:X,Y,X,Y; or wait:SECONDS, with the pointer away
act() {
    local kind=${1%%:*} from to x y
    IFS=, read -r x y from to <<<"${1#*:}"
    case $kind in
        click) xdotool mousemove "$x" "$y" click 1 ;;
        drag) xdotool mousemove "$x" "$y" mousedown 1 sleep 0.3 mousemove "$from" "$to" sleep 0.3 mouseup 1 mousemove 2 2 ;;
        wait) xdotool mousemove 2 2 sleep "$x" ;;
        *) xdotool key "$1" ;;
    esac
}

# shot NAME SIZE STEP..: the window of that size, after those steps. DATA is its data folder; a fresh one where it is not set.
shot() {
    local name=$1 size=$2 display=:57 data screen window
    shift 2
    data=${DATA:-$(mktemp -d -p "$work")}
    Xvfb "$display" -screen 0 "${size}x24" >/dev/null 2>&1 &
    screen=$!
    sleep 2
    DISPLAY=$display CLIPSIGHT_DATA_DIR=$data "$program" ${OPEN:-} >/dev/null 2>&1 &
    window=$!
    sleep 8
    DISPLAY=$display xdotool search --name Clipsight windowsize "${size%x*}" "${size#*x}" windowfocus
    DISPLAY=$display xdotool mousemove 2 2
    for step in "$@"; do
        DISPLAY=$display act "$step"
        sleep 0.7
    done
    sleep 2
    DISPLAY=$display import -window root "$name.png"
    kill "$window" "$screen"
    wait "$window" "$screen" 2>/dev/null || true
}

# A run that learns to tell photos from drawings, in its own data folder.
taught=$work/taught
pictures=${TMPDIR:-/tmp}/clipsight-pictures
rm -rf "$pictures"
cp -r ../assets/samples "$pictures"
for method in linear-probe tip-adapter-f; do
    CLIPSIGHT_DATA_DIR=$taught "$program" fine-tune "$pictures" --method "$method" --format json >/dev/null
done

# One that tries several settings, in another.
searched=$work/searched
CLIPSIGHT_DATA_DIR=$searched "$program" fine-tune "$pictures" --method prolip --search --epochs 60 --format json >/dev/null

shot explore-dark 1280x800
shot explore-light 1280x800 d
shot explore-large-dark 1920x1080 Right Right
shot explore-large-light 1920x1080 d Right Right
shot what-the-model-sees-light 1280x800 d Right Right Right e
shot cosine-dark 1280x800 c 3
shot model-dark 1280x800 m
shot model-light 1280x800 d m
shot settings-dark 1280x800 ctrl+comma
shot settings-light 1280x800 d ctrl+comma
shot shortcuts-dark 1280x800 question
shot shortcuts-light 1280x800 d question
shot erased-dark 1280x800 Right b drag:1030,200,1120,260
shot erased-light 1280x800 d Right b drag:1030,200,1120,260
shot erased-large-dark 1920x1080 Right b drag:1670,240,1760,300
shot compared-dark 1280x800 click:1156,445 click:1080,549 click:918,586 wait:10
shot compared-light 1280x800 d click:1156,445 click:1080,549 click:918,586 wait:10
shot compared-large-light 1920x1080 d click:1796,525 click:1720,629 click:1558,666 wait:10
# Dark before light: the theme stays in the data folder.
export DATA=$taught OPEN=$pictures
shot train-setup-dark 1280x800 t
shot train-setup-large-dark 1920x1080 t
shot train-run-dark 1280x800 t click:170,230
shot train-run-large-dark 1920x1080 t click:170,230
shot train-compare-dark 1280x800 t click:283,215 click:283,282 click:250,175
shot train-board-dark 1280x800 t click:170,132 click:395,383 wait:6
DATA=$searched shot train-trials-dark 1920x1080 t click:170,230
DATA=$searched shot train-search-dark 1920x1080 t click:352,509 click:354,780
DATA=$searched shot train-trials-light 1920x1080 d t click:170,230
DATA=$searched shot train-search-light 1920x1080 t click:352,509 click:354,780
shot train-run-light 1280x800 d t click:170,230
shot train-run-large-light 1920x1080 t click:170,230
shot train-setup-light 1280x800 t
shot train-board-light 1280x800 t click:170,132 click:395,383 wait:6
shot train-shots-light 1280x800 t click:170,96 click:520,110 wait:40
