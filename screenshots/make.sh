#!/usr/bin/env bash
# Makes the screenshots beside this file from the real window: screenshots/make.sh CLIPSIGHT PICTURES [NAME..]
# PICTURES is a folder with a folder of pictures for each class; with names, only screenshots that begin with one of them are
# made. Needs Xvfb, xdotool, ImageMagick's import, and a Vulkan adapter (mesa-vulkan-drivers has a software one).
set -euo pipefail
program=$(realpath "$1")
pictures=$(realpath "$2")
wanted=("${@:3}")
cd "$(dirname "$0")"
export XDG_RUNTIME_DIR="${XDG_RUNTIME_DIR:-$(mktemp -d)}"
export CLIPSIGHT_DEVICE=cpu DISPLAY=:57

small=1024x700 usual=1280x800 large=1920x1080

work=$(mktemp -d)
# Paths are seen in some pictures: a short one, where that may be made.
shown=/Pictures
ln -sfn "$pictures" "$shown" 2>/dev/null || { shown=$work/Pictures && ln -s "$pictures" "$shown"; }
trap 'rm -rf "$work" "$shown"' EXIT

# act STEP: a key; run:WORDS, a command of the palette by its name; type:TEXT; drag:X,Y,X,Y; wait:SECONDS
act() {
    local of=${1#*:} x y to_x to_y
    case $1 in
        run:*)
            xdotool key ctrl+k sleep 0.5 type --delay 20 "$of"
            xdotool sleep 0.5 key Return
            ;;
        type:*) xdotool type --delay 20 "$of" ;;
        drag:*)
            IFS=, read -r x y to_x to_y <<<"$of"
            xdotool mousemove "$x" "$y" mousedown 1 sleep 0.3 mousemove "$to_x" "$to_y" sleep 0.3 mouseup 1 mousemove 2 2
            ;;
        wait:*) sleep "$of" ;;
        *) xdotool key "$1" ;;
    esac
}

is_wanted() {
    local name
    [ ${#wanted[@]} -eq 0 ] && return 0
    for name in "${wanted[@]}"; do [[ $1 == "$name"* ]] && return 0; done
    return 1
}

# Whether any screenshot is made whose name begins so.
any_wanted() {
    local name
    is_wanted "$1" && return 0
    for name in "${wanted[@]}"; do [[ $name == "$1"* ]] && return 0; done
    return 1
}

# shot NAME SIZE STEP..: the window of that size after those steps, dark and then light. DATA is its data folder, a fresh one
# where it is not set; OPEN the folder that it opens.
shot() {
    local name=$1 size=$2 screen window step
    shift 2
    is_wanted "$name" || return 0
    local data=${DATA:-$(mktemp -d -p "$work")}
    Xvfb "$DISPLAY" -screen 0 "${size}x24" >/dev/null 2>&1 &
    screen=$!
    sleep 2
    (cd "$work" && CLIPSIGHT_DATA_DIR=$data "$program" ${OPEN:+"$OPEN"}) >/dev/null 2>&1 &
    window=$!
    sleep "${START:-9}"
    xdotool search --name Clipsight windowsize "${size%x*}" "${size#*x}" windowfocus
    xdotool mousemove 2 2
    for step in "$@"; do
        act "$step"
        sleep 0.8
    done
    sleep 2
    import -window root "$name-dark.png"
    act "run:light or dark"
    sleep 2
    import -window root "$name-light.png"
    # The theme stays in the data folder: the next picture begins dark again.
    act "run:light or dark"
    sleep 2
    kill "$window" "$screen"
    wait "$window" "$screen" 2>/dev/null || true
}

shot explore-small $small
shot explore $usual
shot explore-large $large Right Right
shot large-picture $usual Right Return wait:2
shot templates $usual "run:template: name" wait:2
shot what-the-model-sees $usual Right Right e
shot erased $usual Right b drag:1040,190,1130,260 wait:4
shot tested $usual "run:test this heatmap" wait:25
shot compared $usual "run:compare heatmaps by occlusion" wait:30
shot compared-large $large "run:compare heatmaps by occlusion" wait:30
shot models-small $small m
shot models $usual m
shot models-large $large m
shot settings $usual ctrl+comma
shot shortcuts $usual question
shot palette $usual ctrl+k type:heatmap

# Runs that learn from the folder, and one that tries several settings.
taught=$work/taught
if any_wanted train; then
    mkdir -p "$taught"
    for method in "linear-probe --name Probe" "tip-adapter-f --name Cache" "prolip --search --epochs 40 --name Search"; do
        # shellcheck disable=SC2086
        (cd "$work" && CLIPSIGHT_DATA_DIR=$taught "$program" fine-tune "$shown" --method $method --format json >/dev/null)
    done
fi
export OPEN=$shown
DATA=$taught shot train-setup-small $small t wait:8
DATA=$taught shot train-setup $usual t wait:8
DATA=$taught shot train-setup-large $large t wait:8
DATA=$taught shot train-run-small $small t "run:show probe" wait:2
DATA=$taught shot train-run $usual t "run:show probe" wait:2
DATA=$taught shot train-run-large $large t "run:show probe" wait:2
DATA=$taught shot train-search-large $large t "run:show search" wait:2
DATA=$taught shot train-board $usual t "run:board of pictures" wait:2
DATA=$taught shot train-shots-large $large t "run:few-shot" wait:2

evaluated=$work/evaluated
mkdir -p "$evaluated"
START=12 DATA=$evaluated shot evaluate-setup $usual "run:go to evaluate" "run:on the open folder" wait:6
START=12 DATA=$evaluated shot evaluate-summary $usual "run:go to evaluate" "run:on the open folder" wait:6 "run:start the evaluation" wait:25
for page in "matrix:confusion matrix" "classes:class by class" "calibration:calibration" "groups:groups of mistakes" "map:map of the embeddings"; do
    DATA=$evaluated shot "evaluate-${page%%:*}" $usual "run:go to evaluate" "run:show the newest" wait:4 "run:${page#*:}" wait:5
    DATA=$evaluated shot "evaluate-${page%%:*}-large" $large "run:go to evaluate" "run:show the newest" wait:4 "run:${page#*:}" wait:5
done
DATA=$evaluated shot evaluate-failure $usual "run:go to evaluate" "run:show the newest" wait:4 Right wait:12
DATA=$evaluated shot evaluate-failure-large $large "run:go to evaluate" "run:show the newest" wait:4 Right wait:12
