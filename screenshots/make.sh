#!/usr/bin/env bash
# Makes the screenshots beside this file from the real window: screenshots/make.sh PATH_TO_CLIPSIGHT
# Needs Xvfb, xdotool, ImageMagick's import, and a Vulkan adapter (mesa-vulkan-drivers has a software one).
set -euo pipefail
program=$(realpath "$1")
cd "$(dirname "$0")"
export XDG_RUNTIME_DIR="${XDG_RUNTIME_DIR:-$(mktemp -d)}"
export CLIPSIGHT_DEVICE=cpu

# shot NAME SIZE KEY..: the window of that size, after those keys
shot() {
    local name=$1 size=$2 display=:57 data screen window
    shift 2
    data=$(mktemp -d)
    Xvfb "$display" -screen 0 "${size}x24" >/dev/null 2>&1 &
    screen=$!
    sleep 2
    DISPLAY=$display CLIPSIGHT_DATA_DIR=$data "$program" >/dev/null 2>&1 &
    window=$!
    sleep 8
    DISPLAY=$display xdotool search --name Clipsight windowsize "${size%x*}" "${size#*x}" windowfocus
    DISPLAY=$display xdotool mousemove 2 2
    for key in "$@"; do
        DISPLAY=$display xdotool key "$key"
        sleep 0.7
    done
    sleep 2
    DISPLAY=$display import -window root "$name.png"
    kill "$window" "$screen"
    wait "$window" "$screen" 2>/dev/null || true
    rm -rf "$data"
}

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
